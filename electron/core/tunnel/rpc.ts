import type {
  AttachRequestJson,
  AttachResponseJson,
  GetLockdownRequestJson,
  GetLockdownResponseJson,
  GetStatesRequestJson,
  GetStatesResponseJson,
  MayConnectRequestJson,
  MayConnectResponseJson,
  OpenPortalRequestJson,
  OpenPortalResponseJson,
  PingRequestJson,
  PingResponseJson,
  PrepareRequestJson,
  PrepareResponseJson,
  ReadLogRequestJson,
  ReadLogResponseJson,
  SetLockdownRequestJson,
  SetLockdownResponseJson,
  StartRequestJson,
  StartResponseJson,
  StopRequestJson,
  StopResponseJson,
  WatchRequestJson,
  WatchResponseJson,
} from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure } from "../causes/failure.ts";
import { failureFromErrorBody } from "../causes/wire.ts";
import { messageLimit, parseJson, unary } from "../instance/http.ts";

// Not imported, for the reason given in instance/http.ts.
const { request } = process.getBuiltinModule("node:http");

/** The unary calls of the tunnel contract: request and response as JSON. */
interface Calls {
  Attach: [AttachRequestJson, AttachResponseJson];
  MayConnect: [MayConnectRequestJson, MayConnectResponseJson];
  Prepare: [PrepareRequestJson, PrepareResponseJson];
  Start: [StartRequestJson, StartResponseJson];
  Stop: [StopRequestJson, StopResponseJson];
  GetStates: [GetStatesRequestJson, GetStatesResponseJson];
  Ping: [PingRequestJson, PingResponseJson];
  GetLockdown: [GetLockdownRequestJson, GetLockdownResponseJson];
  SetLockdown: [SetLockdownRequestJson, SetLockdownResponseJson];
  ReadLog: [ReadLogRequestJson, ReadLogResponseJson];
  OpenPortal: [OpenPortalRequestJson, OpenPortalResponseJson];
}

const service = "/sag.tunnel.v1.TunnelService/";
const crashed = (): Failure => new Failure("tunnel_crashed");

/**
 * Calls sag-tunnel by Connect's JSON protocol. This avoids loading the contracts' descriptors and a client library,
 * which would take half the time of `sag status`.
 */
export async function callTunnel<Name extends keyof Calls>(
  socketPath: string,
  name: Name,
  input: Calls[Name][0],
  { timeoutMs = 5_000, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<Calls[Name][1]> {
  const body = await unary(
    { socketPath },
    {
      path: service + name,
      contentType: "application/json",
      body: JSON.stringify(input),
      timeoutMs,
      signal,
      subject: "sag-tunnel",
      silence: crashed,
      proven: true,
    },
  );
  const answer = parseJson(body);
  if (typeof answer !== "object" || answer === null) throw new Failure("answer_invalid", { subject: "sag-tunnel" });
  return answer as Calls[Name][1];
}

export interface TunnelStream {
  close(): void;
}

/**
 * Opens the Watch stream. `onEnd` is called once unless the caller closed the stream: with the failure, or with null
 * if the other end finished it, as when the tunnel has ended.
 */
export function watchTunnel(
  socketPath: string,
  input: WatchRequestJson,
  onMessage: (message: WatchResponseJson) => void,
  onEnd: (failure: Failure | null) => void,
): TunnelStream {
  let open = true;
  const end = (failure: Failure | null): void => {
    if (!open) return;
    open = false;
    sent.destroy();
    onEnd(failure);
  };
  const frames = new Frames((flags, payload) => {
    if (!open) return;
    const value = parseJson(payload);
    if (flags & 2) void endOfStream(value).then(end);
    else if (typeof value === "object" && value !== null) onMessage(value as WatchResponseJson);
  });
  const sent = request({
    socketPath,
    host: "localhost",
    method: "POST",
    path: `${service}Watch`,
    headers: { "content-type": "application/connect+json", "connect-protocol-version": "1" },
    agent: false,
  });
  sent.on("error", () => end(crashed()));
  sent.on("response", (response) => {
    if (response.statusCode !== 200) return end(crashed());
    response.on("data", (chunk: Buffer) => {
      if (!frames.push(chunk)) end(new Failure("answer_too_large", { subject: "sag-tunnel" }));
    });
    response.on("close", () => end(crashed()));
  });
  sent.end(frame(JSON.stringify(input)));
  return {
    close() {
      open = false;
      sent.destroy();
    },
  };
}

async function endOfStream(value: unknown): Promise<Failure | null> {
  const error = (value as { error?: unknown } | undefined)?.error;
  return error === undefined ? null : ((await failureFromErrorBody(error, "sag-tunnel")) ?? crashed());
}

/** Connect's envelope: one byte of flags, four bytes of length, then the payload. */
function frame(json: string): Buffer {
  const payload = Buffer.from(json);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

/** Splits a stream into envelopes, buffering at most one of the largest size. */
export class Frames {
  #held: Buffer = Buffer.alloc(0);
  readonly #onFrame: (flags: number, payload: Buffer) => void;

  constructor(onFrame: (flags: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Returns false if an envelope exceeds the limit. */
  push(chunk: Buffer): boolean {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (this.#held.length >= 5) {
      const length = this.#held.readUInt32BE(1);
      if (length > messageLimit) return false;
      if (this.#held.length < 5 + length) return true;
      const payload = this.#held.subarray(5, 5 + length);
      const flags = this.#held.readUInt8(0);
      this.#held = this.#held.subarray(5 + length);
      this.#onFrame(flags, payload);
    }
    return true;
  }
}
