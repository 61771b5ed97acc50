import type { TokenView } from "../../domain/accesspoints/tokens.ts";
import type { RunningSessionView } from "../../domain/sessions/listing.ts";
import { durationSeconds, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { duration, fields, table } from "../output.ts";

const tokenRow = (view: TokenView) => ({
  id: view.id,
  ccn: view.ccnId,
  "uses left": view.usesLeft,
  "expires in": duration(view.expiresInSeconds),
});

interface AccessPointRow {
  id: string;
  name: string;
  mode: string;
  online: boolean;
  endpoints: string[];
  lastSeenSeconds: number;
}

export const accessPointVerbs: Verbs = (program, tools) => {
  const accessPoint = program.command("access-point").description("access points and their registration tokens");
  accessPoint.command("list").action(async () => {
    const { ask, print } = tools();
    print(await ask("access-point list", {}), (all: AccessPointRow[]) =>
      table(
        all.map((a) => ({
          id: a.id,
          name: a.name,
          mode: a.mode,
          online: a.online,
          endpoints: a.endpoints.join(" "),
          "last seen": `${duration(a.lastSeenSeconds)} ago`,
        })),
      ),
    );
  });
  accessPoint
    .command("remove <id>")
    .description("its identity is void from then on")
    .action(async (id: string) => {
      const { ask, print } = tools();
      print(await ask("access-point remove", { id }), () => "Removed.");
    });
  const token = accessPoint.command("token").description("registration tokens");
  token
    .command("create")
    .description("print a token, this once")
    .option("--uses <n>", "how many access points may register with it", wholeNumber, 1)
    .option("--expires <duration>", "for example 15m, 24h, 7d", durationSeconds, 86_400)
    .option("--ccn <id|name>", "CCN that they serve; the default one if missing")
    .action(async (o: { uses: number; expires: number; ccn?: string }) => {
      const { ask, print } = tools();
      const result = await ask("access-point token create", { uses: o.uses, lifetimeSeconds: o.expires, ccn: o.ccn });
      print(result, (view: TokenView & { token: string }) => fields({ ...tokenRow(view), token: view.token }));
    });
  token.command("list").action(async () => {
    const { ask, print } = tools();
    print(await ask("access-point token list", {}), (all: TokenView[]) => table(all.map(tokenRow)));
  });
  token.command("remove <id>").action(async (id: string) => {
    const { ask, print } = tools();
    print(await ask("access-point token remove", { id }), () => "Removed.");
  });
};

export const sessionVerbs: Verbs = (program, tools) => {
  const session = program.command("session").description("running sessions");
  session
    .command("list")
    .option("--instance <id|name>", "only of this instance")
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("session list", { instance: o.instance }), (all: RunningSessionView[]) =>
        table(
          all.map((s) => ({
            id: s.id,
            user: s.userName,
            device: s.deviceName,
            address: s.clientIp,
            mode: s.mode,
            since: duration(s.sinceSeconds),
            "lease left": duration(s.leaseLeftSeconds),
            "bytes from": s.rxBytes,
            "bytes to": s.txBytes,
          })),
        ),
      );
    });
  session
    .command("end <id>")
    .option("--reason <text>", "shown to the person", "")
    .action(async (id: string, o: { reason: string }) => {
      const { ask, print } = tools();
      print(await ask("session end", { id, reason: o.reason }), () => "Ended.");
    });
};

interface AuditRow {
  at: string;
  actor: string;
  action: string;
  target: string;
}

export const auditVerbs: Verbs = (program, tools) => {
  program
    .command("audit")
    .description("administrative changes, newest first")
    .command("list")
    .option("--limit <n>", "how many", wholeNumber, 50)
    .action(async (o: { limit: number }) => {
      const { ask, print } = tools();
      print(await ask("audit list", { limit: o.limit }), (all: AuditRow[]) =>
        table(all.map(({ at, actor, action, target }) => ({ at, actor, action, target }))),
      );
    });
};
