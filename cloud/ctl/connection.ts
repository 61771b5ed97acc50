import { existsSync } from "node:fs";
import { request } from "node:http";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { ctlTexts } from "../../common/text/ctl.ts";
import { localPath } from "../api/admin/local/path.ts";
import type { AdminFailure } from "../api/admin/local/server.ts";
import { Advised, Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";

const errors = ctlTexts.errors.connection;

/** Runs a command of the server. `tenant` is the product account; undefined = the default one, or the access key's. */
export type Ask = (operation: string, parameters: Record<string, unknown>, tenant?: string) => Promise<unknown>;

/** Interval of attempts to connect to a server that is starting, ms. */
const pause = 50;

/** How long a server that is starting has to create its data directory, ms: most often the directory is misspelt. */
const directoryWait = 2_000;

/** Delay before sagctl reports that it is waiting, ms. */
const patience = 1000;

/**
 * Connects to the socket in a data directory, so the server must be running. A server that is starting has `wait` ms to open its
 * socket; `waiting` is called if that takes long.
 */
export function locally(directory: string, wait = 0, waiting: () => void = () => {}): Ask {
  return async (operation, parameters, tenant) => {
    const start = performance.now();
    for (let announced = false; ; ) {
      try {
        return await askOnce(directory, { operation, parameters, tenant });
      } catch (error) {
        // Retry only if the connection was refused, before anything was sent.
        const waited = performance.now() - start;
        const isMissing = error instanceof MissingDirectory;
        if (!(error instanceof NotListening) || waited >= (isMissing ? Math.min(wait, directoryWait) : wait))
          throw error;
        if (!announced && !isMissing && waited >= patience) {
          announced = true;
          waiting();
        }
        await delay(pause);
      }
    }
  };
}

/** No server listens on the socket, or not yet. */
class NotListening extends Advised {}
class MissingDirectory extends NotListening {}

interface LocalRequest {
  operation: string;
  parameters: Record<string, unknown>;
  tenant: string | undefined;
}

async function askOnce(directory: string, call: LocalRequest): Promise<unknown> {
  const { path, close } = open(directory);
  try {
    const { status, text } = await post(path, JSON.stringify({ ...call, actor: userName() }));
    const body: unknown = JSON.parse(text);
    if (status === 200) return body;
    const { cause, message, key = "", params = {}, field } = body as AdminFailure;
    throw new Refusal(cause, { key, params, text: message }, field === undefined ? {} : { field });
  } catch (error) {
    throw notRunning(error, directory) ?? error;
  } finally {
    close();
  }
}

function open(directory: string): ReturnType<typeof localPath> {
  try {
    return localPath(directory);
  } catch (error) {
    throw notRunning(error, directory) ?? error;
  }
}

function notRunning(error: unknown, directory: string): Refusal | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return existsSync(directory)
      ? new NotListening("service_not_running", foreign(errors.notRunning(directory)), errors.start(directory))
      : new MissingDirectory("not_found", foreign(errors.noDirectory(directory)), errors.chooseDirectory);
  }
  if (code === "ENOTDIR") {
    return new Advised("service_not_running", foreign(errors.notDirectory(directory)), errors.chooseDirectory);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new Refusal("not_permitted", foreign(errors.othersDirectory(directory)));
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return new Advised("service_not_running", foreign(errors.wentAway), errors.start(directory));
  }
  return undefined;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

function post(socketPath: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const call = request({ socketPath, path: "/", method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}
