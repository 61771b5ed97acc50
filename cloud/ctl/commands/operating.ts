import { fingerprintGroups } from "../../../common/fingerprint.ts";
import { ctlTexts } from "../../../common/text/ctl.ts";
import { renderServerWords } from "../../../common/text/server.ts";
import type { Drops } from "../../domain/accesspoints/decided.ts";
import type { TokenView } from "../../domain/accesspoints/tokens.ts";
import type { AuditView } from "../../domain/audit.ts";
import type { SessionView } from "../../domain/sessions/listing.ts";
import { durationSeconds, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { duration, fields } from "../output.ts";
import { table } from "../table.ts";

const { common, help, output } = ctlTexts;
const { columns } = output;

const tokenRow = (view: TokenView) => ({
  [columns.id]: view.id,
  [columns.ccn]: view.ccnId,
  [columns.usesLeft]: view.usesLeft,
  [columns.expiresIn]: duration(view.expiresInSeconds),
});

interface AccessPointRow {
  id: string;
  name: string;
  mode: string;
  online: boolean;
  endpoints: string[];
  lastSeenSeconds: number;
  /** By reason, since its start. */
  drops: Drops;
}

export const accessPointVerbs: Verbs = (program, tools) => {
  const accessPoint = program.command("access-point").description(help.accessPoint.what);
  accessPoint
    .command("list")
    .description(help.accessPoint.list)
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("access-point list", {}), (all: AccessPointRow[]) =>
        table(
          all.map((a) => ({
            [columns.id]: a.id,
            [columns.name]: a.name,
            [columns.mode]: a.mode,
            [columns.online]: a.online,
            [columns.endpoints]: a.endpoints.join(" "),
            [columns.lastSeen]: output.ago(duration(a.lastSeenSeconds)),
            [columns.dropped]: Object.values(a.drops).reduce((sum, { packets }) => sum + packets, 0),
          })),
        ),
      );
    });
  accessPoint
    .command("remove <id>")
    .description(help.accessPoint.remove)
    .action(async (id: string) => {
      const { ask, print } = tools();
      print(await ask("access-point remove", { id }), () => output.removed);
    });
  const token = accessPoint.command("token").description(help.accessPoint.token);
  token
    .command("create")
    .description(help.accessPoint.create)
    .option("--uses <n>", help.accessPoint.uses, wholeNumber, 1)
    .option("--expires <duration>", help.accessPoint.expires, durationSeconds, 86_400)
    .option("--ccn <id|name>", help.accessPoint.ccn)
    .action(async (o: { uses: number; expires: number; ccn?: string }) => {
      const { ask, print } = tools();
      const request = { uses: o.uses, lifetimeSeconds: o.expires, ccn: o.ccn };
      const made = (await ask("access-point token create", request)) as TokenView & { token: string };
      const words = (view: typeof made) => fields({ ...tokenRow(view), [columns.token]: view.token });
      print(made, words, output.lost.token(made.id));
    });
  token
    .command("list")
    .description(help.accessPoint.tokenList)
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("access-point token list", {}), (all: TokenView[]) => table(all.map(tokenRow)));
    });
  token
    .command("remove <id>")
    .description(help.accessPoint.tokenRemove)
    .action(async (id: string) => {
      const { ask, print } = tools();
      print(await ask("access-point token remove", { id }), () => output.removed);
    });
};

interface Fingerprints {
  server: string;
  /** Fingerprints of the key in use and of the next one. */
  fingerprints: string[];
}

/** Fingerprints in the form in which clients show them, for comparison. */
function fingerprintText({ server, fingerprints: [inUse = "", next] }: Fingerprints): string {
  const text = output.fingerprint(server, fingerprintGroups(inUse));
  return next === undefined ? text : `${text}\n${output.nextFingerprint(fingerprintGroups(next))}`;
}

export const serverVerbs: Verbs = (program, tools) => {
  const server = program.command("server").description(help.serverVerbs.what);
  server
    .command("status")
    .description(help.serverVerbs.status)
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("server status", {}), ({ reason }: { reason: string | null }) => output.ready(reason));
    });
  server
    .command("fingerprint")
    .description(help.serverVerbs.fingerprint)
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("server fingerprint", {}), fingerprintText);
    });
};

const sessionRow = (s: SessionView) => ({
  [columns.id]: s.id,
  [columns.user]: s.userName,
  [columns.device]: s.deviceName,
  [columns.address]: s.clientIp,
  [columns.mode]: s.mode,
  [columns.since]: duration(s.sinceSeconds),
  [columns.leaseLeft]: s.ended ? "-" : duration(s.leaseLeftSeconds),
  [columns.bytesFrom]: output.bytes(s.rxBytes),
  [columns.bytesTo]: output.bytes(s.txBytes),
});

const endedRow = (s: SessionView) => ({
  ...sessionRow(s),
  [columns.ended]: s.ended ? output.ago(duration(s.ended.agoSeconds)) : "",
  [columns.cause]: s.ended?.cause ?? "",
  [columns.reason]: s.ended ? renderServerWords(s.ended.reasonWords) : "",
});

export const sessionVerbs: Verbs = (program, tools) => {
  const session = program.command("session").description(help.session.what);
  session
    .command("list")
    .description(help.session.list)
    .option("--instance <id|name>", help.session.instance)
    .option("--ended", help.session.ended)
    .option("--all", help.session.all)
    .action(async (o: { instance?: string; ended?: boolean; all?: boolean }) => {
      const { ask, print } = tools();
      const which = o.all ? "all" : o.ended ? "ended" : "running";
      const row = which === "running" ? sessionRow : endedRow;
      print(await ask("session list", { instance: o.instance, which }), (all: SessionView[]) => table(all.map(row)));
    });
  session
    .command("end <id>")
    .description(help.session.end)
    .option("--reason <text>", common.reason, "")
    .action(async (id: string, o: { reason: string }) => {
      const { ask, print } = tools();
      print(await ask("session end", { id, reason: o.reason }), () => output.ended);
    });
};

function textIn({ after }: AuditView, name: string): string {
  const value = (after as Record<string, unknown> | null)?.[name];
  return typeof value === "string" ? value : "";
}

export const auditVerbs: Verbs = (program, tools) => {
  program
    .command("audit")
    .description(help.audit.what)
    .command("list")
    .description(help.audit.list)
    .option("--limit <n>", help.audit.limit, wholeNumber, 50)
    .option("--user <name>", help.audit.user)
    .option("--action <name>", help.audit.action)
    .option("--since <duration>", help.audit.since, durationSeconds)
    .action(async (o: { limit: number; user?: string; action?: string; since?: number }) => {
      const { ask, print } = tools();
      const wanted = { limit: o.limit, user: o.user, action: o.action, sinceSeconds: o.since };
      print(await ask("audit list", wanted), (all: AuditView[]) =>
        table(
          all.map((row) => ({
            [columns.at]: row.at,
            [columns.actor]: row.actor,
            [columns.action]: row.action,
            [columns.user]: row.user,
            [columns.target]: row.targetName === "" ? row.target : output.named(row.targetName, row.target),
            [columns.from]: textIn(row, "remote"),
            // The cause of a refusal, or the text that a user saw when an administrator ended the session.
            [columns.reason]: textIn(row, "cause") || textIn(row, "reason"),
          })),
        ),
      );
    });
};
