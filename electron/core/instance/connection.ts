import { createHash, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type EphemeralKeyInfo, getCACertificates, rootCertificates, type TLSSocket } from "node:tls";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import { type Address, formatAddress } from "./address.ts";
import type { Identity } from "./identity.ts";

/** The rules for verifying a server. */
export interface Trust {
  /**
   * Non-empty: the server's public key has to be one of these, whoever signed it. Empty: the system's authorities
   * decide, or else the user.
   */
  pins: readonly string[];
  /** Called if no authority signed the certificate; without it the server is refused. */
  decide?: ((question: { server: string; fingerprint: string }) => Promise<boolean>) | undefined;
}

/** A TLS connection to a verified server. No application data has been sent yet. */
export interface Connection {
  socket: TLSSocket;
  identity: Identity;
  /** The negotiated key exchange, for example "X25519MLKEM768". */
  keyExchange: string;
}

/** Time limit for TCP and TLS, ms, so that a failing dial ends within 3 s. */
export const connectTimeout = 2_500;

export async function openConnection(
  address: Address,
  trust: Trust,
  { timeoutMs = connectTimeout, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<Connection> {
  const server = formatAddress(address);
  const socket = await handshake(address, trust.pins.length === 0, timeoutMs, signal);
  try {
    const fingerprint = fingerprintOf(socket.getPeerX509Certificate(), server);
    const keyExchange = keyExchangeOf(socket);
    if (trust.pins.length > 0) {
      if (!trust.pins.includes(fingerprint))
        throw new Failure("instance_identity_changed", { subject: server, fingerprint });
      return { socket, identity: { by: "pin", fingerprint }, keyExchange };
    }
    if (socket.authorized) return { socket, identity: { by: "authority", fingerprint }, keyExchange };
    if (!(await trust.decide?.({ server, fingerprint }))) {
      throw new Failure("instance_identity_unknown", { subject: server, fingerprint });
    }
    // The user may take a long time, so the connection is closed and opened again.
    socket.destroy();
    const again = await openConnection(address, { pins: [fingerprint] }, { timeoutMs, signal });
    return { ...again, identity: { by: "person", fingerprint } };
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

function handshake(
  { host, port }: Address,
  byAuthority: boolean,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  const server = formatAddress({ host, port });
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      // Verified in openConnection before anything is sent, because a pinned key is accepted whoever signed it.
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
      ...(byAuthority ? { ca: authorities() } : { ca: [] }),
      minVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
    });
    socket.setNoDelay(true);
    const timer = setTimeout(() => fail(new Failure("instance_unreachable", { subject: server })), timeoutMs);
    const onAbort = (): void => fail(signal?.reason);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", fail);
    };
    const fail = (reason: unknown): void => {
      settle();
      // Further errors of this socket are irrelevant.
      socket.on("error", () => undefined);
      socket.destroy();
      reject(signal?.aborted ? signal.reason : handshakeFailure(reason, server, host));
    };
    socket.on("error", fail);
    socket.on("secureConnect", () => {
      settle();
      socket.on("error", () => undefined);
      resolve(socket);
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function handshakeFailure(reason: unknown, server: string, host: string): Failure {
  const failure = failureFromSystem(reason, server);
  if (failure.code === "dns_unavailable") return new Failure("dns_unavailable", { subject: host }, { cause: reason });
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  if (/^ERR_SSL_(TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/.test(code)) {
    const text = texts.core.invitation.needsTls13(server);
    return new Failure("answer_invalid", { text }, { cause: reason });
  }
  // Something listens there but does not speak TLS 1.3.
  if (failure.code === "unknown") return new Failure("answer_invalid", { subject: server }, { cause: reason });
  return failure;
}

/**
 * The system's authorities instead of Node's own list, because administrators install the company's authority there.
 */
function authorities(): string[] {
  const system = getCACertificates("system");
  return [...(system.length > 0 ? system : rootCertificates), ...getCACertificates("extra")];
}

export function fingerprintOf(certificate: X509Certificate | undefined, server: string): string {
  if (!certificate) throw new Failure("answer_invalid", { subject: server });
  return createHash("sha256")
    .update(certificate.publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

function keyExchangeOf(socket: TLSSocket): string {
  const info = socket.getEphemeralKeyInfo() as EphemeralKeyInfo | null;
  return info?.name ?? info?.type ?? "";
}
