import type { Failure } from "../causes/failure.ts";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import type { IntranetState } from "../client/model.ts";
import { hostPort } from "./address.ts";
import type { End, isOwn } from "./owner.ts";

/** One address on loopback that leads to one inside. */
export interface Forward {
  protocol: "tcp" | "udp";
  /** On loopback; port 0 = any free one. */
  listen: End;
  host: string;
  port: number;
}

export interface ForwardParts {
  /** The intranet as it is now: asked for every connection, as it may have been connected anew. */
  way(): Promise<IntranetState>;
  uid: number | null;
  /** Whether a process of that user is at the other end; for tests. */
  isOwn?: typeof isOwn;
  /** Told why a client got nothing. */
  onFailure(thrown: unknown): void;
}

export interface Forwarding {
  /** HOST:PORT it listens at. */
  at: string;
  close(): void;
}

/** bind(2): EACCES is about the port, not about a file. */
export async function notListening(error: Error, { address, port }: End): Promise<Failure> {
  const subject = hostPort(address, port);
  const code = systemCode(error) === "EACCES" ? "not_permitted" : failureFromSystem(error, subject).code;
  return (await import("./listener.ts")).listenFailure(code, subject, "forward");
}
