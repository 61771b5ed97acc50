import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { AccessPointState } from "../../domain/accesspoints/registry.ts";
import type { Context } from "../../domain/context.ts";
import type { ClassCounters } from "../../domain/qos/class-counters.ts";
import { totals } from "../../store/queries/totals.ts";
import { version } from "../hello.ts";
import type { Readiness } from "./readiness.ts";

type Request = IncomingMessage | Http2ServerRequest;

export interface OutsideParts {
  context: Context;
  readiness: Readiness;
  /** Number of answered admin requests, by "OPERATION CODE". */
  adminRequests(): ReadonlyMap<string, number>;
  /** End of validity of the certificate in use, epoch ms. */
  certificateEnd(): number;
  /**
   * Whether /metrics is served. Not on the clients' listener: metrics reveal the size of a company, and behind a reverse proxy
   * every request comes from loopback, so the address cannot restrict them.
   */
  withMetrics: boolean;
}

/**
 * Answers supervisors and load balancers: /healthz (the process is alive), /readyz (it can serve: the store answers, the
 * certificate has not expired and the server is not stopping) and /metrics for Prometheus. Returns true if the request was one of these.
 */
export function answerOutside(parts: OutsideParts, request: Request, response: Http2ServerResponse): boolean {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/healthz") {
    send(response, 200, "application/json", '{"ok":true}');
    return true;
  }
  if (path === "/readyz") {
    // Anyone can send this request, so the reason is only logged and shown by `sagctl server status`.
    void parts.readiness().then((reason) => {
      const ready = reason === undefined;
      send(response, ready ? 200 : 503, "application/json", JSON.stringify({ ready }));
    });
    return true;
  }
  if (path !== "/metrics") return false;
  if (!parts.withMetrics) {
    send(
      response,
      404,
      "text/plain",
      "metrics are answered at --admin-listen and at admin.sock in the data directory\n",
    );
    return true;
  }
  void metrics(parts).then(
    (text) => send(response, 200, "text/plain; version=0.0.4", text),
    () => send(response, 503, "text/plain", "the store does not answer\n"),
  );
  return true;
}

function send(response: Http2ServerResponse, status: number, type: string, body: string): void {
  if (response.writableEnded) return;
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

/** Metrics in the Prometheus text format. */
export async function metrics({
  context,
  adminRequests,
  certificateEnd,
}: Pick<OutsideParts, "context" | "adminRequests" | "certificateEnd">): Promise<string> {
  const { store, accessPoints, decided, peers } = context;
  const { tenants, instances, accounts, sessions, traffic } = await totals(store);
  const all = accessPoints.list();
  const rules = [...decided.rules()].map((id) => [id, decided.ofRule(id)] as const);
  const lines = [
    ...gauge("sag_cloud_info", "The running version.", [[`{version="${version}"}`, 1]]),
    ...gauge("sag_tenants", "Accounts of the product.", [["", tenants]]),
    ...gauge("sag_instances", "SAG instances.", [["", instances]]),
    ...gauge("sag_accounts", "Client accounts.", [["", accounts]]),
    ...gauge(
      "sag_sessions",
      "Running sessions.",
      [...sessions].map(([instance, n]) => [`{instance="${instance}"}`, n]),
    ),
    ...gauge("sag_peers", "Peers that access points are to have.", [["", peers.size]]),
    ...gauge(
      "sag_access_point_up",
      "Whether an access point's stream is open.",
      all.map((ap) => [`{id="${ap.id}",ccn="${ap.ccnId}"}`, ap.online ? 1 : 0]),
    ),
    ...counter("sag_traffic_bytes_total", "Inner bytes, seen from the clients.", [
      ['{direction="up"}', traffic.rx],
      ['{direction="down"}', traffic.tx],
    ]),
    ...classMetrics(all),
    ...counter(
      "sag_flow_records_total",
      "Flow records of access points. lost and skipped did not reach the collector, unwritten not the file.",
      all.flatMap(({ id, flowLogs }) =>
        flowLogs.flatMap(({ flowLog, outcomes }) =>
          Object.entries(outcomes).map(
            ([outcome, n]) => [`{access_point="${id}",flow_log="${flowLog}",outcome="${outcome}"}`, n] as const,
          ),
        ),
      ),
    ),
    ...counter(
      "sag_acl_rule_packets_total",
      "Packets that a rule of an access list has decided about.",
      rules.map(([id, { packets }]) => [`{rule="${id}"}`, packets]),
    ),
    ...counter(
      "sag_acl_rule_bytes_total",
      "Inner bytes of these packets.",
      rules.map(([id, { bytes }]) => [`{rule="${id}"}`, bytes]),
    ),
    ...counter(
      "sag_dropped_packets_total",
      "Packets that an access point has dropped, by reason.",
      all.flatMap(({ id }) =>
        Object.entries(decided.dropsOf(id)).map(([reason, { packets }]): [string, number] => [
          `{access_point="${id}",reason="${reason}"}`,
          packets,
        ]),
      ),
    ),
    ...counter(
      "sag_admin_requests_total",
      "Answered requests of the admin API.",
      [...adminRequests()].map(([key, n]) => {
        const [operation, code] = key.split(" ");
        return [`{operation="${operation}",code="${code === "" ? "OK" : code}"}`, n];
      }),
    ),
    ...gauge("sag_certificate_expiry_seconds", "Until the certificate in use ends; negative once it has.", [
      ["", Math.round((certificateEnd() - context.clock.now()) / 1_000)],
    ]),
    ...gauge("process_resident_memory_bytes", "Resident memory.", [["", process.memoryUsage.rss()]]),
    ...gauge("process_start_time_seconds", "When the process began.", [
      ["", Math.round(Date.now() / 1_000 - process.uptime())],
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Packets of traffic classes; class="none" = those that belong to no class. */
function classMetrics(all: readonly AccessPointState[]): string[] {
  const classes = all.flatMap(({ id, classes }) =>
    [...classes.counters.values()].map((c): [ClassCounters, string] => [
      c,
      `access_point="${id}",instance="${c.instanceId}",class="${c.classId || "none"}",direction="${c.direction}"`,
    ]),
  );
  const reasons = { queue_full: "droppedFull", memory: "droppedMemory", delay: "droppedDelay" } as const;
  return [
    ...counter(
      "sag_class_packets_total",
      "Packets of traffic classes.",
      classes.map(([c, labels]) => [`{${labels}}`, c.packets]),
    ),
    ...counter(
      "sag_class_bytes_total",
      "Inner bytes of traffic classes.",
      classes.map(([c, labels]) => [`{${labels}}`, c.bytes]),
    ),
    ...counter(
      "sag_class_dropped_packets_total",
      "Dropped packets of traffic classes: queue full, memory of all queues full, waited too long (CoDel).",
      classes.flatMap(([c, labels]) =>
        Object.entries(reasons).map(([reason, key]) => [`{${labels},reason="${reason}"}`, c[key]] as const),
      ),
    ),
  ];
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
