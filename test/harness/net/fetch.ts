import { Agent, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { within } from "../wait.ts";
import { socksConnect, splitHostPort } from "./socks.ts";

export interface Fetched {
  status: number;
  text: string;
}

/** ms. */
const limit = 10_000;

const ask = (
  url: URL,
  options: { agent?: Agent; host?: string; port?: number; path?: string; method?: string },
  body?: Readable,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: url.hostname,
        port: url.port || 80,
        path: url.pathname,
        headers: { host: url.host },
        agent: false,
        ...options,
      },
      resolve,
    ).once("error", reject);
    if (body) body.pipe(outgoing);
    else outgoing.end();
  });

const readAll = async (response: IncomingMessage): Promise<Fetched> => {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode ?? 0, text };
};

/** An agent for one request over an existing connection. */
class OneSocket extends Agent {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  override createConnection(): Socket {
    return this.#socket;
  }
}

const overSocks = async (proxy: string, url: URL): Promise<{ agent: Agent }> => ({
  agent: new OneSocket(await socksConnect(proxy, url.hostname, Number(url.port || 80))),
});

/** GET through a SOCKS5 proxy, which resolves the name. */
export const fetchBySocks = (proxy: string, address: string): Promise<Fetched> => {
  const url = new URL(address);
  return within(
    `GET ${address}`,
    limit,
    overSocks(proxy, url)
      .then((by) => ask(url, by))
      .then(readAll),
  );
};

/** GET through an HTTP proxy, with an absolute URI. */
export const fetchByHttp = (proxy: string, address: string): Promise<Fetched> => {
  const url = new URL(address);
  return within(`GET ${address}`, limit, ask(url, { ...splitHostPort(proxy), path: address }).then(readAll));
};

/** GET without a proxy. */
export const fetchDirectly = (address: string, patience: number): Promise<Fetched> =>
  within(`GET ${address}`, patience, ask(new URL(address), {}).then(readAll));

/** Downloads through a SOCKS5 proxy; returns the number of bytes. */
export const downloadBySocks = async (proxy: string, address: string): Promise<number> => {
  const url = new URL(address);
  const response = await ask(url, await overSocks(proxy, url));
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  return bytes;
};

/** Uploads zeros through a SOCKS5 proxy; returns the server's answer. */
export const uploadBySocks = async (proxy: string, address: string, size: number): Promise<number> => {
  const url = new URL(address);
  const block = Buffer.alloc(256 * 1024);
  const body = Readable.from(
    (function* () {
      for (let left = size; left > 0; left -= block.length) yield block;
    })(),
  );
  const by = await overSocks(proxy, url);
  const response = await ask(url, { ...by, method: "POST" }, body);
  return JSON.parse((await readAll(response)).text).bytes;
};
