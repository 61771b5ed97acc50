import { randomUUID } from "node:crypto";
import { Agent, request } from "node:https";
import { productVersions } from "../api/admin/rpc/protocol/operation.ts";
import { acs3Headers } from "../security/signatures/acs3.ts";
import { canonicalQuery } from "../security/signatures/canonical.ts";
import { type AccessKeyPair, authorityOf, type Fields } from "./admin-api.ts";

/** A signed request, every part of which can be changed before or after signing. */
export interface RawCall {
  action?: string;
  version?: string;
  fields?: Record<string, string>;
  /** Epoch ms. */
  at?: number;
  nonce?: string;
  /** Overrides after signing. */
  headers?: Record<string, string | undefined>;
  /** Overrides after signing. */
  body?: string | Buffer;
  path?: string;
  method?: string;
}

export interface RawAnswer {
  status: number;
  code: string;
  body: Fields;
  text: string;
  /** The content type. */
  type: string;
}

/** The parts of a server that a raw client needs: its URL, its CA's directory, and the clock for dates. */
export interface Reached {
  running: { url: string };
  directory: string;
  clock: { now(): number };
}

export function rawClient(server: Reached, key: AccessKeyPair) {
  const agent = new Agent({ ca: authorityOf(server), keepAlive: true, maxSockets: 8 });
  const url = new URL(server.running.url);
  const sign = (call: RawCall) => {
    const form = canonicalQuery(Object.entries(call.fields ?? {}));
    const headers = acs3Headers(
      {
        host: url.host,
        action: call.action ?? "DescribeRegions",
        version: call.version ?? productVersions.smartag,
        query: new Map(),
        date: `${new Date(call.at ?? server.clock.now()).toISOString().slice(0, 19)}Z`,
        nonce: call.nonce ?? randomUUID(),
      },
      key.id,
      key.secret,
      form,
    );
    return { form, headers };
  };
  const ask = (call: RawCall): Promise<RawAnswer> => {
    const { form, headers: signed } = sign(call);
    const all = Object.entries({ ...signed, ...call.headers }).filter(([, value]) => value !== undefined);
    const headers = Object.fromEntries(all) as Record<string, string>;
    const method = call.method ?? "POST";
    return new Promise((resolve, reject) => {
      const out = request(
        url,
        { agent, servername: "localhost", method, path: call.path ?? "/", headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const body = text.startsWith("{") ? (JSON.parse(text) as Fields) : {};
            const type = response.headers["content-type"] ?? "";
            resolve({ status: response.statusCode ?? 0, code: String(body.Code ?? ""), body, text, type });
          });
        },
      );
      out.on("error", reject);
      out.end(call.body ?? form);
    });
  };
  /** The same request as HTTP/1.1 text, for tests that send only part of it. */
  const written = (call: RawCall): { head: string; body: string } => {
    const { form: body, headers } = sign(call);
    const all = { ...headers, "content-length": String(Buffer.byteLength(body)) };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return { head: `POST / HTTP/1.1\r\n${lines.join("")}\r\n`, body };
  };
  return { ask, written, close: () => agent.destroy() };
}
