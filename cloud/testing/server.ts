import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import type { RateRules } from "../api/admin/rpc/protocol/rate.ts";
import { type Ask, locally } from "../ctl/connection.ts";
import type { Log } from "../domain/context.ts";
import { type Running, serve } from "../serve.ts";
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

export async function startServer(adminRate = unhurried): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "sag-cloud-"));
  const lines: TestServer["lines"] = [];
  const log: Log = (level, message, fields) => void lines.push({ level, message, fields: fields ?? {} });
  const clock = new TestClock();
  const begin = (port: number) => serve({ data: directory, listen: `127.0.0.1:${port}`, log, clock, adminRate });
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
