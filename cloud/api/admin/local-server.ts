import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { ZodError } from "zod";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { storageRefusal } from "../../store/failures.ts";
import { localPath } from "./local-path.ts";
import type { AdminCall } from "./operation.ts";
import { localOperations } from "./operations/index.ts";

const maxBodyBytes = 256 * 1024;

/** A failure as sagctl gets it. */
export interface AdminFailure {
  cause: CauseCode;
  message: string;
}

/**
 * The local way in for sagctl: a Unix socket that only the owner of the data directory can open. POST / with
 * {"operation","actor","parameters"} answers with the result, or with a failure and status 400.
 */
export async function serveLocally(
  directory: string,
  call: Omit<AdminCall, "actor">,
): Promise<{ close(): Promise<void> }> {
  const { path, close } = localPath(directory);
  // Left behind by a process that was killed; the directory's lock says that it is not there any more.
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    void respond(request, directory, call).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json", connection: "close" });
      response.end(JSON.stringify(body));
    });
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
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

async function respond(request: IncomingMessage, directory: string, call: Omit<AdminCall, "actor">) {
  try {
    const { operation, actor, parameters } = await read(request);
    return { status: 200, body: await runCommand({ ...call, actor: `local:${actor}` }, operation, parameters) };
  } catch (error) {
    return { status: 400, body: failureOf(error, directory, call) };
  }
}

export async function runCommand(call: AdminCall, name: string, parameters: unknown): Promise<unknown> {
  const command = localOperations.get(name);
  if (!command) throw new Refusal("protocol_too_old", `The server does not know "${name}".`);
  return (await command.run(call, parameters)) ?? {};
}

function failureOf(error: unknown, directory: string, call: Omit<AdminCall, "actor">): AdminFailure {
  if (error instanceof ZodError) {
    const first = error.issues[0];
    return { cause: "invalid_argument", message: `${first?.path.join(".") ?? ""}: ${first?.message ?? "not valid"}` };
  }
  const refusal = error instanceof Refusal ? error : storageRefusal(error, directory);
  if (refusal) return { cause: refusal.code, message: refusal.message };
  call.context.log("error", "an operation failed unexpectedly", {
    error: error instanceof Error ? error.stack : String(error),
  });
  return { cause: "unknown", message: "The server failed unexpectedly; its log says more." };
}

async function read(request: IncomingMessage): Promise<{ operation: string; actor: string; parameters: unknown }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Refusal("answer_too_large", "The request is larger than 256 KiB.");
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal("invalid_argument", "The request is not JSON.");
  }
  const { operation, actor, parameters } = (body ?? {}) as Record<string, unknown>;
  if (typeof operation !== "string") throw new Refusal("invalid_argument", "The request names no operation.");
  return { operation, actor: typeof actor === "string" ? actor.slice(0, 64) : "unknown", parameters: parameters ?? {} };
}
