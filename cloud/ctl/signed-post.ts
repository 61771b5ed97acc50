import { randomUUID } from "node:crypto";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { ctlTexts } from "../../common/text/ctl.ts";
import { productVersions } from "../api/admin/rpc/protocol/operation.ts";
import { Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";
import type { Secret } from "../security/secret.ts";
import { acs3Headers } from "../security/signatures/acs3.ts";
import { canonicalQuery } from "../security/signatures/canonical.ts";
import { answerLimit } from "./long-requests.ts";

const errors = ctlTexts.errors.remote;

export interface SignedPost {
  server: URL;
  accessKeyId: string;
  secret: Secret;
  /** A CA to trust in addition to the system's, PEM. */
  ca: Buffer | undefined;
}

/** A command of the server. */
export interface RemoteCommand {
  operation: string;
  parameters: Record<string, unknown>;
  tenant: string | undefined;
}

export interface PostAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Times of a request, ms. */
export interface PostTimes {
  /** For connecting and sending. */
  send: number;
  /** For the answer, from the first attempt on. */
  answer(command: RemoteCommand): number;
  /** Between a lost connection and the next attempt. */
  pause: number;
}

export const postTimes: PostTimes = { send: 30_000, answer: answerLimit, pause: 1_000 };

/** Maximum number of attempts after connections that were lost without an answer. */
const attempts = 6;

/** The request was sent, but the answer did not arrive. */
class NoAnswer extends Error {}

/**
 * Sends RunCommand and waits for the answer. If the connection is lost after the request was sent, it is repeated with the same
 * ClientToken, so that the server returns the result of the first attempt instead of running the command twice. Throws a Refusal:
 * `instance_unreachable` if nothing was sent, `answer_missing` if the command may have been carried out.
 */
export async function runRemotely(to: SignedPost, command: RemoteCommand, times = postTimes): Promise<PostAnswer> {
  const { operation, parameters, tenant } = command;
  const body = canonicalQuery(
    new Map([
      ["Command", operation],
      ["Parameters", JSON.stringify(parameters)],
      ["ClientToken", randomUUID()],
      ...(tenant === undefined ? [] : [["Tenant", tenant] as const]),
    ]),
  );
  const end = performance.now() + times.answer(command);
  let lost: NoAnswer | undefined;
  for (let attempt = 1; attempt <= attempts && performance.now() < end; attempt++) {
    if (lost) await new Promise((resolve) => setTimeout(resolve, times.pause));
    try {
      return await post(to, body, { send: times.send, end });
    } catch (error) {
      if (error instanceof NoAnswer) lost = error;
      // After a lost answer, the server may be restarting, so being unable to connect again proves nothing.
      else if (!lost || !(error instanceof Refusal) || error.code !== "instance_unreachable") throw error;
    }
  }
  throw new Refusal("answer_missing", foreign(errors.unanswered(to.server.host, lost?.message ?? "")));
}

function post(
  { server, accessKeyId, secret, ca }: SignedPost,
  body: string,
  { send, end }: { send: number; end: number },
): Promise<PostAnswer> {
  const call = {
    host: server.host,
    action: "RunCommand",
    version: productVersions.sag,
    query: new Map<string, string>(),
    date: `${new Date().toISOString().slice(0, 19)}Z`,
    nonce: randomUUID(),
  };
  const headers = acs3Headers(call, accessKeyId, secret.reveal(), body);
  return new Promise((resolve, reject) => {
    let sent = false;
    const out = request(server, { method: "POST", path: "/", headers, ...(ca ? { ca } : {}) }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        clearTimeout(timer);
        const status = response.statusCode ?? 0;
        try {
          resolve({ status, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown> });
        } catch {
          // A reverse proxy answers so if it did not want to wait for the server.
          if (status === 502 || status === 504) reject(new NoAnswer(errors.proxyGaveUp(status)));
          else reject(new Refusal("answer_invalid", foreign(errors.notAdminApi(server.host))));
        }
      });
      response.on("error", failed);
    });
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(sent ? new NoAnswer(error.message) : unreachable(error, server.host, out.socket as TLSSocket | null));
    };
    const late = (ms: number) => setTimeout(() => out.destroy(new Error(errors.noAnswer(Math.round(ms / 1_000)))), ms);
    let timer = late(send);
    out.on("finish", () => {
      sent = true;
      clearTimeout(timer);
      timer = late(Math.max(0, end - performance.now()));
      // Finds out when the server's host is gone, because an answer can take minutes.
      out.socket?.setKeepAlive(true, 15_000);
    });
    out.on("error", failed);
    out.end(body);
  });
}

function unreachable(error: Error, host: string, socket: TLSSocket | null): Refusal {
  if (socket?.encrypted && socket.authorizationError) {
    return new Refusal("instance_identity_unknown", foreign(errors.untrusted(host)));
  }
  return new Refusal("instance_unreachable", foreign(errors.unreachable(host, error.message)));
}
