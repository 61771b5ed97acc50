import { request } from "node:http";
import { userInfo } from "node:os";
import { localPath } from "../api/admin/local-path.ts";
import type { AdminFailure } from "../api/admin/local-server.ts";
import { Refusal } from "../base/cause.ts";

/** Asks the server for one operation. */
export type Ask = (operation: string, parameters: Record<string, unknown>) => Promise<unknown>;

/** By the local socket in a data directory; works only while the server runs. */
export function locally(directory: string): Ask {
  return async (operation, parameters) => {
    const { path, close } = open(directory);
    try {
      const { status, text } = await post(path, JSON.stringify({ operation, actor: userName(), parameters }));
      const body: unknown = JSON.parse(text);
      if (status === 200) return body;
      const { cause, message } = body as AdminFailure;
      throw new Refusal(cause, message);
    } catch (error) {
      throw notRunning(error, directory) ?? error;
    } finally {
      close();
    }
  };
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
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") {
    return new Refusal("service_not_running", `No sag-cloud is running on ${directory}.`);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new Refusal("not_permitted", `${directory} belongs to another user.`);
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return new Refusal("service_not_running", "sag-cloud went away before it answered.");
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
