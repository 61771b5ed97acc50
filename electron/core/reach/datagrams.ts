import { createSocket, type Socket as Datagrams } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP, isIPv6, type Socket } from "node:net";
import { Failure } from "../causes/failure.ts";
import type { IntranetState } from "../client/model.ts";
import { splitHostPort } from "./address.ts";

/** Sends datagrams to one host in the intranet. Answers are passed to a callback. */
export interface DatagramWay {
  send(data: Buffer): void;
  close(): void;
}

/**
 * Uses SOCKS5 UDP ASSOCIATE in proxy mode and an ordinary socket in system mode. `onEnd` is called once, when no more
 * datagrams can arrive.
 */
export async function datagramsInside(
  way: Pick<IntranetState, "intranet" | "mode" | "socks">,
  host: string,
  port: number,
  onData: (data: Buffer) => void,
  onEnd: () => void,
): Promise<DatagramWay> {
  if (way.mode === "system") return directly(host, port, onData, onEnd);
  const proxy = splitHostPort(way.socks ?? "");
  if (!proxy) throw new Failure("not_connected", { subject: way.intranet });
  const control = connect({ ...proxy });
  const relay = await associate(control).catch((thrown) => {
    control.destroy();
    throw thrown instanceof Failure ? thrown : new Failure("not_connected", { subject: way.intranet });
  });
  const socket = createSocket(isIPv6(proxy.host) ? "udp6" : "udp4");
  const close = (): void => {
    control.destroy();
    socket.close();
  };
  control.on("error", () => undefined).on("close", onEnd);
  socket.on("error", () => undefined);
  socket.on("message", (message) => {
    const data = unwrap(message);
    if (data) onData(data);
  });
  const head = Buffer.concat([Buffer.from([0, 0, 0]), writeAddress(host, port)]);
  return { send: (data) => socket.send([head, data], relay, proxy.host), close };
}

async function directly(
  host: string,
  port: number,
  onData: (data: Buffer) => void,
  onEnd: () => void,
): Promise<DatagramWay> {
  const { address, family } = await lookup(host).catch(() => {
    throw new Failure("name_not_found", { subject: host });
  });
  const socket: Datagrams = createSocket(family === 6 ? "udp6" : "udp4");
  socket
    .on("error", () => undefined)
    .on("message", onData)
    .on("close", onEnd);
  return { send: (data) => socket.send(data, port, address), close: () => socket.close() };
}

/** Sends the SOCKS5 greeting and UDP ASSOCIATE, and returns the relay's port. */
async function associate(control: Socket): Promise<number> {
  await once(control, "connect");
  control.write(Buffer.from([5, 1, 0]));
  const [, method] = await read(control, 2);
  if (method !== 0) throw new Failure("in_use_by_another_user");
  control.write(Buffer.from([5, 3, 0, 1, 0, 0, 0, 0, 0, 0]));
  const [, reply, , kind] = await read(control, 4);
  if (reply !== 0) throw new Failure("not_connected");
  const bound = await read(control, (kind === 4 ? 16 : 4) + 2);
  control.resume();
  return bound.readUInt16BE(bound.length - 2);
}

async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = socket.read(length);
    if (chunk?.length === length) return chunk;
    if (socket.readableEnded || socket.destroyed) throw new Failure("tunnel_crashed");
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}

/**
 * ATYP ADDRESS PORT (RFC 1928 section 5). An IPv6 address is sent as a domain name, which the proxy parses as well.
 */
function writeAddress(host: string, port: number): Buffer {
  const tail = Buffer.from([port >> 8, port & 0xff]);
  if (isIP(host) === 4) return Buffer.concat([Buffer.from([1, ...host.split(".").map(Number)]), tail]);
  return Buffer.concat([Buffer.from([3, Buffer.byteLength(host)]), Buffer.from(host), tail]);
}

/** The payload of a datagram from the relay; null if it is malformed. */
function unwrap(message: Buffer): Buffer | null {
  const size = { 1: 4, 3: 1 + (message[4] ?? 0), 4: 16 }[message[3] ?? 0];
  return size === undefined || message[2] !== 0 ? null : message.subarray(4 + size + 2);
}
