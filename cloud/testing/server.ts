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

/** A real server on a free port of loopback with a data directory of its own, for tests. */
export interface TestServer {
  running: Running;
  directory: string;
  ask: Ask;
  clock: TestClock;
  /** Lines it logged. */
  lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /** Stops and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Tests ask more often than people may. */
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

/** Clients of all contracts at `url`; `token` goes as bearer. */
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

/** A GET request over TLS, whoever signed the certificate. */
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
