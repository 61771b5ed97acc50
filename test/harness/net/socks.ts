import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";

export class SocksError extends Error {
  /** The reply code (RFC 1928). */
  readonly reply: number;
  constructor(reply: number) {
    super(`the SOCKS server answered ${reply}`);
    this.reply = reply;
  }
}

/** "HOST:PORT", also "[::1]:80". */
export const splitHostPort = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
};

const writeAddress = (host: string, port: number): Buffer => {
  const tail = Buffer.from([port >> 8, port & 0xff]);
  if (isIP(host) === 4) return Buffer.concat([Buffer.from([1, ...host.split(".").map(Number)]), tail]);
  return Buffer.concat([Buffer.from([3, host.length]), Buffer.from(host, "latin1"), tail]);
};

/** Reads exactly `length` bytes. */
const read = async (socket: Socket, length: number): Promise<Buffer> => {
  for (;;) {
    const chunk: Buffer | null = socket.read(length);
    if (chunk?.length === length) return chunk;
    if (socket.readableEnded || socket.destroyed) throw new Error("the SOCKS server closed the connection");
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
};

const request = async (
  proxy: string,
  code: number,
  host: string,
  port: number,
): Promise<{ socket: Socket; bound: string }> => {
  const { host: at, port: proxyPort } = splitHostPort(proxy);
  const socket = connect(proxyPort, at);
  socket.setNoDelay(true);
  await once(socket, "connect");
  try {
    socket.write(Buffer.from([5, 1, 0]));
    const method = await read(socket, 2);
    if (method[1] !== 0) throw new SocksError(method[1] ?? 0xff);
    socket.write(Buffer.concat([Buffer.from([5, code, 0]), writeAddress(host, port)]));
    const head = await read(socket, 4);
    if (head[1] !== 0) throw new SocksError(head[1] ?? 0xff);
    const address = await read(socket, head[3] === 4 ? 16 : 4);
    const boundPort = (await read(socket, 2)).readUInt16BE();
    return { socket, bound: `${[...address].join(".")}:${boundPort}` };
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

/** Opens a TCP connection to HOST through a SOCKS5 proxy at HOST:PORT, which resolves names. */
export const socksConnect = async (proxy: string, host: string, port: number): Promise<Socket> =>
  (await request(proxy, 1, host, port)).socket;

/** Opens a UDP association: datagrams are sent to `relay` while `socket` is open. */
export const socksAssociate = async (proxy: string): Promise<{ socket: Socket; relay: string }> => {
  const { socket, bound } = await request(proxy, 3, "0.0.0.0", 0);
  return { socket, relay: bound };
};

/** Adds the SOCKS5 header to a datagram for the relay. */
export const wrapDatagram = (host: string, port: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0]), writeAddress(host, port), payload]);

/** The payload of a datagram from the relay. */
export const unwrapDatagram = (datagram: Buffer): Buffer => {
  const kind = datagram[3];
  const length = kind === 1 ? 4 : kind === 4 ? 16 : 1 + (datagram[4] ?? 0);
  return datagram.subarray(4 + length + 2);
};
