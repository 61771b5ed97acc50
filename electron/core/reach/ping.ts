import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Failure } from "../causes/failure.ts";
import type { CauseCode, IntranetState } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";
import { findSocket } from "../tunnel/process.ts";
import { callTunnel } from "../tunnel/rpc.ts";

export interface Echo {
  /** The address that was pinged. */
  address: string;
  ms: number;
}

/**
 * Sends one echo request to a host in the intranet: by sag-tunnel in proxy mode, by the system's ping in system mode.
 */
export async function pingInside(
  environment: Environment,
  { intranetId, intranet, mode }: Pick<IntranetState, "intranetId" | "intranet" | "mode">,
  host: string,
  { patienceMs, signal }: { patienceMs: number; signal?: AbortSignal },
): Promise<Echo> {
  if (mode === "system") return systemPing(host, patienceMs, signal);
  const socket = findSocket(environment, intranetId);
  if (!socket) throw new Failure("not_connected", { subject: intranet });
  const patience = `${patienceMs / 1000}s`;
  const answer = await callTunnel(
    socket,
    "Ping",
    { intranetId, host, patience },
    { timeoutMs: patienceMs + 2_000, signal },
  ).catch((thrown) => {
    // The failure is about the host, not about sag-tunnel.
    throw thrown instanceof Failure && thrown.code !== "tunnel_crashed"
      ? new Failure(thrown.code, { ...thrown.details, subject: host })
      : thrown;
  });
  return { address: answer.address ?? host, ms: Math.round(Number.parseFloat(answer.roundTrip ?? "0") * 1e5) / 100 };
}

async function systemPing(host: string, patienceMs: number, signal: AbortSignal | undefined): Promise<Echo> {
  const args = ["-n", "-c", "1", "-W", String(Math.max(1, Math.ceil(patienceMs / 1000))), "--", host];
  try {
    const { stdout } = await promisify(execFile)("ping", args, { env: { ...process.env, LC_ALL: "C" }, signal });
    const address = /^PING [^(]*\(([^)]+)\)/m.exec(stdout)?.[1] ?? host;
    return { address, ms: Number(/time[=<]([\d.]+) ms/.exec(stdout)?.[1] ?? 0) };
  } catch (thrown) {
    signal?.throwIfAborted();
    const { code, stdout } = thrown as { code?: unknown; stdout?: unknown };
    throw new Failure(systemPingCause(code, String(stdout)), { subject: host });
  }
}

/** Cause of a failure of the system's ping: exit code 1 = no reply, 2 = another error, most likely an unknown name. */
export function systemPingCause(code: unknown, output: string): CauseCode {
  if (code !== 1) return "name_not_found";
  // The texts of iputils for ICMP codes 13, 9 and 10, and for ICMPv6 code 1.
  if (/packet filtered|prohibited/i.test(output)) return "target_denied";
  return /unreachable/i.test(output) ? "target_unreachable" : "target_timeout";
}
