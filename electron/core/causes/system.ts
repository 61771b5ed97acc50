import type { CauseCode } from "../client/model.ts";
import { Failure } from "./failure.ts";

const byCode: Record<string, CauseCode> = {
  ENOSPC: "storage_full",
  EDQUOT: "storage_full",
  EROFS: "storage_readonly",
  EACCES: "storage_readonly",
  ENOTDIR: "storage_readonly",
  EPERM: "not_permitted",
  EADDRINUSE: "port_in_use",
  ENETUNREACH: "no_network",
  ENETDOWN: "no_network",
  ENOTFOUND: "dns_unavailable",
  EAI_AGAIN: "dns_unavailable",
  ECONNREFUSED: "instance_unreachable",
  ECONNRESET: "instance_unreachable",
  ECONNABORTED: "instance_unreachable",
  EPIPE: "instance_unreachable",
  EHOSTUNREACH: "instance_unreachable",
  EHOSTDOWN: "instance_unreachable",
  ETIMEDOUT: "instance_unreachable",
};

/** Maps a system error to a cause. `subject` is the file or host concerned; a Failure is returned unchanged. */
export function failureFromSystem(thrown: unknown, subject?: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = systemCode(thrown);
  // Happy Eyeballs (RFC 8305) reports one error for each address; the last one is used.
  const inner = thrown instanceof AggregateError && !byCode[code] ? systemCode(thrown.errors.at(-1)) : code;
  return new Failure(byCode[inner] ?? "unknown", subject === undefined ? {} : { subject }, { cause: thrown });
}

export function systemCode(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}
