import { connect, type Socket } from "node:net";
import { causeTable } from "../../../common/causes/table.ts";
import { Failure } from "../causes/failure.ts";
import { systemCode } from "../causes/system.ts";
import type { CauseCode, IntranetState } from "../client/model.ts";
import { hostPort, splitHostPort } from "./address.ts";

/** Limit of the proxy's own answer, bytes. */
const longestAnswer = 8 * 1024;

/** Time limit, ms; longer than the 10 s after which sag-tunnel gives up. */
const patience = 15_000;

/** What is needed to reach a host through the tunnel: the mode, and in proxy mode the HTTP proxy. */
export type Way = Pick<IntranetState, "intranet" | "mode" | "http">;

/**
 * Opens a TCP connection to a host in the intranet. Proxy mode uses CONNECT, whose answer states why a host cannot be
 * reached, while SOCKS has one code for several causes. In system mode an ordinary socket is tunneled.
 */
export async function connectInside(
  way: Way,
  host: string,
  port: number,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Socket> {
  const subject = hostPort(host, port);
  if (way.mode === "system") return opened(connect({ host, port, allowHalfOpen: true }), subject, options.signal);
  const proxy = splitHostPort(way.http ?? "");
  if (!proxy) throw new Failure("not_connected", { subject: way.intranet });
  const socket = connect({ ...proxy, allowHalfOpen: true });
  // Connection refused means that the tunnel has ended since its state was read.
  await opened(socket, subject, options.signal, () => new Failure("not_connected", { subject: way.intranet }));
  socket.setNoDelay(true);
  socket.write(`CONNECT ${subject} HTTP/1.1\r\nHost: ${subject}\r\n\r\n`);
  const { status, text } = await within(socket, options.signal, readAnswer(socket));
  if (status === 200) return socket;
  socket.destroy();
  throw refusal(text, host, subject);
}

/** The text of a refusal begins with the cause. */
function refusal(text: string, host: string, subject: string): Failure {
  const code = text.split(":")[0] ?? "";
  if (!Object.hasOwn(causeTable, code)) return new Failure("target_unreachable", { subject });
  return new Failure(code as CauseCode, { subject: code === "name_not_found" ? host : subject });
}

async function opened(
  socket: Socket,
  subject: string,
  signal: AbortSignal | undefined,
  refused?: () => Failure,
): Promise<Socket> {
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => reject(refused?.() ?? failureOf(error, subject)));
  });
  return within(socket, signal, connected);
}

const byCode: Record<string, CauseCode> = {
  ECONNREFUSED: "target_refused",
  ECONNRESET: "target_refused",
  ETIMEDOUT: "target_timeout",
  ENOTFOUND: "name_not_found",
  EAI_AGAIN: "dns_unavailable",
};

function failureOf(error: Error, subject: string): Failure {
  return new Failure(byCode[systemCode(error)] ?? "target_unreachable", { subject });
}

/** Waits for `work` until the time limit or an abort, and then destroys the socket. */
async function within<T>(socket: Socket, signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  let give: (reason: unknown) => void = () => undefined;
  const given = new Promise<never>((_, reject) => {
    give = reject;
  });
  const onAbort = (): void => give(signal?.reason);
  const timer = setTimeout(() => give(new Failure("target_timeout")), patience);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    return await Promise.race([work, given]);
  } catch (thrown) {
    work.catch(() => undefined);
    socket.on("error", () => undefined);
    socket.destroy();
    throw thrown;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Reads the head of the answer, and the body if it is a refusal. Data after the head of a successful answer stays in
 * the socket.
 */
function readAnswer(socket: Socket): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const settle = (status: number, text: string): void => {
      for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener);
      resolve({ status, text });
    };
    const take = (): void => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) held = Buffer.concat([held, chunk]);
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) {
        if (held.length > longestAnswer) reject(new Failure("answer_too_large", { subject: "sag-tunnel" }));
        return;
      }
      const head = held.toString("latin1", 0, end);
      const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0);
      const rest = held.subarray(end + 4);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (status === 200) {
        if (rest.length > 0) socket.unshift(rest);
        settle(status, "");
      } else if (rest.length >= Math.min(length, longestAnswer)) settle(status, rest.toString("utf8"));
    };
    const broken = (): void => reject(new Failure("tunnel_crashed"));
    const listeners = { readable: take, end: broken, error: broken };
    for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener);
  });
}
