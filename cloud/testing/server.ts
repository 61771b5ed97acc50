import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import type { RateRules } from "../api/admin/rpc/protocol/rate.ts";
import type { Log } from "../base/log.ts";
import { type Ask, locally } from "../ctl/connection.ts";
import { type Running, type ServeOptions, serve } from "../serve.ts";
import { TestClock } from "./clock.ts";

/** A server on a free loopback port with its own data directory, for tests. */
export interface TestServer {
  running: Running;
  directory: string;
  ask: Ask;
  clock: TestClock;
  /** Logged lines. */
  lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /** Stops the server and starts it again with the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Rate limit for tests, which send more requests than administrators. */
const unhurried: RateRules = { perSecond: 1_000_000, burst: 1_000_000 };

export async function startServer(
  adminRate = unhurried,
  more: Partial<Pick<ServeOptions, "times" | "trustedProxy" | "publicUrl" | "adminListen">> = {},
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "sag-cloud-"));
  const lines: TestServer["lines"] = [];
  const log: Log = (level, message, fields) => void lines.push({ level, message, fields: fields ?? {} });
  const clock = new TestClock();
  const begin = (port: number) =>
    serve({ ...more, data: directory, listen: `127.0.0.1:${port}`, log, clock, adminRate });
  const server: TestServer = {
    running: await begin(0),
    directory,
    ask: locally(directory),
    clock,
    lines,
    async restart() {
      await server.running.stop();
      server.running = await begin(Number(new URL(server.running.url).port));
    },
    async close() {
      await server.running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return server;
}

/** Clients of all services at `url`; `token` is the bearer token. */
export function clientsOf(url: string, token?: string) {
  const bear: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "2",
    interceptors: [bear],
    nodeOptions: { rejectUnauthorized: false },
  });
  return {
    client: createClient(ClientService, transport),
    session: createClient(SessionService, transport),
    accessPoint: createClient(AccessPointService, transport),
  };
}

/** A GET request over TLS that accepts any certificate. */
export function get(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers, rejectUnauthorized: false, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
