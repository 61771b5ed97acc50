import type { Failure } from "../causes/failure.ts";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import type { IntranetState } from "../client/model.ts";
import { hostPort } from "./address.ts";
import type { End, ownSocket } from "./owner.ts";

/** A loopback address that is forwarded to a host in the intranet. */
export interface Forward {
  protocol: "tcp" | "udp";
  /** A loopback address; port 0 = any free one. */
  listen: End;
  host: string;
  port: number;
}

export interface ForwardParts {
  /**
   * The current state of the intranet; called for every connection, because it may have reconnected with other
   * proxies.
   */
  way(): Promise<IntranetState>;
  uid: number | null;
  /** Identifies the socket at the other end if it is that user's; replaceable for tests. */
  ownSocket?: typeof ownSocket;
  /** Called with the reason when a connection or datagram was not forwarded. */
  onFailure(thrown: unknown): void;
}

export interface Forwarding {
  /** HOST:PORT that it listens on. */
  at: string;
  close(): void;
}

/** EACCES from bind(2) is about the port, so it must not be reported as a file error. */
export async function notListening(error: Error, { address, port }: End): Promise<Failure> {
  const subject = hostPort(address, port);
  const code = systemCode(error) === "EACCES" ? "not_permitted" : failureFromSystem(error, subject).code;
  return (await import("./listener.ts")).listenFailure(code, subject, "forward");
}
