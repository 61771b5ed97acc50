import { request } from "node:http";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { ctlTexts } from "../../common/text/ctl.ts";
import { localPath } from "../api/admin/local/path.ts";
import type { AdminFailure } from "../api/admin/local/server.ts";
import { Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";

const errors = ctlTexts.errors.connection;

/** Runs one command of the server. `tenant`: for this account of the product; undefined = the default one, or the key's. */
export type Ask = (operation: string, parameters: Record<string, unknown>, tenant?: string) => Promise<unknown>;

/** ms between two looks for a server that is starting. */
const pause = 50;

/** ms after which sagctl prints what it waits for. */
const patience = 1000;

/**
 * By the local socket in a data directory; works only while the server runs. A server that is just starting gets `wait` ms to open its
 * socket. `waiting` is called when that takes long.
 */
export function locally(directory: string, wait = 0, waiting: () => void = () => {}): Ask {
  return async (operation, parameters, tenant) => {
    const start = performance.now();
    for (let announced = false; ; ) {
      try {
        return await askOnce(directory, { operation, parameters, tenant });
      } catch (error) {
        // Retry only requests that were refused before anything was sent.
        const waited = performance.now() - start;
        if (!(error instanceof NotListening) || waited >= wait) throw error;
        if (!announced && waited >= patience) {
          announced = true;
          waiting();
        }
        await delay(pause);
      }
    }
  };
}

/** No server listens on the socket: there is none, or it has not got that far. */
class NotListening extends Refusal {}

interface Asked {
  operation: string;
  parameters: Record<string, unknown>;
  tenant: string | undefined;
}

async function askOnce(directory: string, asked: Asked): Promise<unknown> {
  const { path, close } = open(directory);
  try {
    const { status, text } = await post(path, JSON.stringify({ ...asked, actor: userName() }));
    const body: unknown = JSON.parse(text);
    if (status === 200) return body;
    const { cause, message, key = "", params = {} } = body as AdminFailure;
    throw new Refusal(cause, { key, params, text: message });
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
    return new NotListening("service_not_running", foreign(errors.notRunning(directory)));
  }
  if (code === "ENOTDIR") {
    return new Refusal("service_not_running", foreign(errors.notRunning(directory)));
  }
  if (code === "EACCES" || code === "EPERM") {
    return new Refusal("not_permitted", foreign(errors.othersDirectory(directory)));
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return new Refusal("service_not_running", foreign(errors.wentAway));
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
