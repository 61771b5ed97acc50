import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { sql } from "kysely";
import type { Context } from "../../domain/context.ts";
import { version } from "../hello.ts";

type Request = IncomingMessage | Http2ServerRequest;

export interface OutsideParts {
  context: Context;
  /** Ends once the server is on its way down. */
  stopping: AbortSignal;
  /** Answered administrators' requests, "OPERATION CODE" → number. */
  adminRequests(): ReadonlyMap<string, number>;
  /** Only to requests from this machine: metrics tell how large somebody's company is. */
  metricsFromHereOnly: boolean;
}

/**
 * What supervisors and load balancers ask: /healthz (the process answers), /readyz (it can serve: the store answers, it is not
 * stopping) and /metrics for Prometheus. True = it was one of these.
 */
export function answerOutside(parts: OutsideParts, request: Request, response: Http2ServerResponse): boolean {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/healthz") {
    send(response, 200, "application/json", '{"ok":true}');
    return true;
  }
  if (path === "/readyz") {
    void ready(parts).then((why) => {
      const body = JSON.stringify(why === undefined ? { ready: true } : { ready: false, why });
      send(response, why === undefined ? 200 : 503, "application/json", body);
    });
    return true;
  }
  if (path !== "/metrics") return false;
  if (parts.metricsFromHereOnly && !fromHere(request.socket.remoteAddress ?? "")) return false;
  void metrics(parts).then(
    (text) => send(response, 200, "text/plain; version=0.0.4", text),
    () => send(response, 503, "text/plain", "the store does not answer\n"),
  );
  return true;
}

const fromHere = (address: string) => address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");

function send(response: Http2ServerResponse, status: number, type: string, body: string): void {
  if (response.writableEnded) return;
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

async function ready({ context, stopping }: OutsideParts): Promise<string | undefined> {
  if (stopping.aborted) return "the server is stopping";
  try {
    await sql`select 1`.execute(context.store);
    return undefined;
  } catch {
    return "the store does not answer";
  }
}

async function metrics({ context, adminRequests }: OutsideParts): Promise<string> {
  const { store, accessPoints, board } = context;
  const count = async (table: "instance" | "account" | "tenant") => {
    const row = await store
      .selectFrom(table)
      .select((e) => e.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  };
  const sessions = await store
    .selectFrom("session")
    .select((e) => ["instance_id", e.fn.countAll<number>().as("n")])
    .where("ended_at", "is", null)
    .groupBy("instance_id")
    .execute();
  const traffic = await store
    .selectFrom("traffic_day")
    .select((e) => [e.fn.sum<number | null>("rx_bytes").as("rx"), e.fn.sum<number | null>("tx_bytes").as("tx")])
    .executeTakeFirstOrThrow();
  const all = accessPoints.list();
  const lines = [
    ...gauge("sag_cloud_info", "The running version.", [[`{version="${version}"}`, 1]]),
    ...gauge("sag_tenants", "Accounts of the product.", [["", await count("tenant")]]),
    ...gauge("sag_instances", "SAG instances.", [["", await count("instance")]]),
    ...gauge("sag_accounts", "Client accounts.", [["", await count("account")]]),
    ...gauge(
      "sag_sessions",
      "Running sessions.",
      sessions.map((s) => [`{instance="${s.instance_id}"}`, Number(s.n)]),
    ),
    ...gauge("sag_peers", "Peers that access points are to have.", [["", board.size]]),
    ...gauge(
      "sag_access_point_up",
      "Whether an access point's stream is open.",
      all.map((ap) => [`{id="${ap.id}",ccn="${ap.ccnId}"}`, ap.online ? 1 : 0]),
    ),
    ...counter("sag_traffic_bytes_total", "Inner bytes, seen from the clients.", [
      ['{direction="up"}', Number(traffic.rx ?? 0)],
      ['{direction="down"}', Number(traffic.tx ?? 0)],
    ]),
    ...counter(
      "sag_admin_requests_total",
      "Answered requests of the admin API.",
      [...adminRequests()].map(([key, n]) => {
        const [operation, code] = key.split(" ");
        return [`{operation="${operation}",code="${code === "" ? "OK" : code}"}`, n];
      }),
    ),
    ...gauge("process_resident_memory_bytes", "Resident memory.", [["", process.memoryUsage.rss()]]),
    ...gauge("process_start_time_seconds", "When the process began.", [
      ["", Math.round(Date.now() / 1_000 - process.uptime())],
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

type Samples = (readonly [labels: string, value: number])[];

function family(kind: string, name: string, help: string, samples: Samples): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

const gauge = (name: string, help: string, samples: Samples) => family("gauge", name, help, samples);
const counter = (name: string, help: string, samples: Samples) => family("counter", name, help, samples);
