import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { z } from "zod";
import { byName } from "../../../admin/by-name.ts";
import type { Host } from "../../../admin/command.ts";
import { readInput } from "../../../admin/input.ts";
import type { Runner } from "../../../admin/run.ts";
import { type CauseCode, Refusal } from "../../../base/cause.ts";
import { type Message, say } from "../../../base/say.ts";
import { administration } from "../../../domain/administration.ts";
import { defaultTenant, tenantByName } from "../../../domain/tenants/tenants.ts";
import { storageRefusal } from "../../../store/failures.ts";
import { apiCall } from "../rpc/operations/remote.ts";
import { productVersions } from "../rpc/protocol/operation.ts";
import type { AdminApi } from "../rpc/service.ts";
import { localPath } from "./path.ts";

/** Maximum size of a request, bytes: an account import of 2,000 rows, each with the longest values. */
const maxBodyBytes = 1024 * 1024;

/** The parts of the server that the admin socket uses. */
export interface LocalHost extends Host {
  admin: AdminApi;
}

/** A failure as it is sent to sagctl. */
export interface AdminFailure {
  cause: CauseCode;
  /** In English. */
  message: string;
  /** The message's key in common/text and its parameters; missing in answers of older servers. */
  key?: string;
  params?: Message["params"];
  /** The argument at fault, if there is one. */
  field?: string | undefined;
}

/**
 * The admin socket for sagctl: a Unix socket that only the owner of the data directory can open. POST / with
 * {"operation","actor","parameters","tenant"} returns the result, or a failure with status 400. GET /metrics returns the Prometheus
 * metrics.
 */
export async function serveLocally(
  directory: string,
  host: LocalHost,
  metrics: () => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  const { path, close } = localPath(directory);
  // Remove the socket of a process that was killed. We have the directory's lock, so no other server is using it.
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    if (request.method === "GET" && request.url === "/metrics") {
      metrics().then(
        (text) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text),
        () => response.writeHead(503).end(),
      );
      return;
    }
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    void respond(request, directory, host, gone.signal)
      .then(({ status, body }) => {
        const text = JSON.stringify(body);
        response.writeHead(status, { "content-type": "application/json", connection: "close" });
        response.end(text);
      })
      .catch((error: unknown) => {
        host.context.log("error", "could not send an answer to sagctl", { error: String(error) });
        response.destroy();
      });
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        server.on("error", (error) => host.context.log("error", "the local socket failed", { error: String(error) }));
        resolve();
      });
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(before);
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function respond(request: IncomingMessage, directory: string, host: LocalHost, gone: AbortSignal) {
  try {
    const { operation, actor, parameters, tenant } = await read(request);
    const by = `local:${actor}`;
    if (operation === "api call")
      return { status: 200, body: await callApi(host.admin, by, readInput(apiCall, parameters)) };
    const runs = { ...(await runner(host, by, operation, tenant)), gone };
    return { status: 200, body: await byName(runs, operation, parameters) };
  } catch (error) {
    return { status: 400, body: failureOf(error, directory, host) };
  }
}

async function runner(
  { context, server, data }: LocalHost,
  actor: string,
  action: string,
  tenantName: string | undefined,
): Promise<Runner> {
  const { store } = context;
  const tenant = tenantName === undefined ? await defaultTenant(store) : await tenantByName(store, tenantName);
  const caller = { actor, role: "administrator" as const, tenant, operator: true, onHost: true };
  return { ...administration(context, { actor, action, nonce: undefined }), server, data, caller };
}

/** Runs an operation of the published API. A failure includes the operation's error code in its text. */
async function callApi(admin: AdminApi, actor: string, call: z.infer<typeof apiCall>): Promise<unknown> {
  const given = new Map(Object.entries(call.parameters));
  const answer = await admin.local(actor, call.tenant, productVersions[call.product], call.action, given);
  if (answer.code === "") return answer.body;
  throw new Refusal(answer.cause ?? "unknown", say("api_refused", { message: answer.said ?? "", code: answer.code }));
}

function failureOf(error: unknown, directory: string, host: LocalHost): AdminFailure {
  const refusal = error instanceof Refusal ? error : storageRefusal(error, directory);
  if (refusal) return { ...failureBody(refusal.code, refusal.said), field: refusal.details.field };
  host.context.log("error", "an operation failed unexpectedly", {
    error: error instanceof Error ? error.stack : String(error),
  });
  return failureBody("unknown", say("local_failed"));
}

const failureBody = (cause: CauseCode, { key, params, text }: Message): AdminFailure => ({
  cause,
  message: text,
  key,
  params,
});

/** A request of sagctl. */
interface LocalRequest {
  operation: string;
  actor: string;
  parameters: unknown;
  /** Name of the product account to act for; undefined = the default account. */
  tenant: string | undefined;
}

async function read(request: IncomingMessage): Promise<LocalRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new Refusal("answer_too_large", say("local_too_large", { kib: maxBodyBytes / 1024 }));
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal("invalid_argument", say("local_not_json"));
  }
  const { operation, actor, parameters, tenant } = (body ?? {}) as Record<string, unknown>;
  if (typeof operation !== "string") throw new Refusal("invalid_argument", say("local_no_operation"));
  return {
    operation,
    actor: typeof actor === "string" ? actor.slice(0, 64) : "unknown",
    parameters: parameters ?? {},
    tenant: typeof tenant === "string" ? tenant : undefined,
  };
}
