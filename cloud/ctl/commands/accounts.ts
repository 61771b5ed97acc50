import { ctlTexts } from "../../../common/text/ctl.ts";
import { invalid } from "../../base/cause.ts";
import { foreign } from "../../base/say.ts";
import type { AccountView } from "../../domain/accounts/accounts.ts";
import { durationSeconds, firstLineOfStdin, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { fields } from "../output.ts";
import { table } from "../table.ts";

const { common, errors, help, output } = ctlTexts;
const { columns } = output;

const which = ["--instance <id|name>", common.instance] as const;

const row = (view: AccountView) => ({
  [columns.user]: view.userName,
  [columns.mail]: view.mail,
  [columns.state]: stateOf(view),
  [columns.bandwidth]: view.bandwidth === 0 ? output.noCap : view.bandwidth,
  [columns.fixedAddress]: view.clientIp,
  [columns.sessions]: view.sessions,
});

interface KickAnswer {
  ended: number;
  /** Epoch ms; null = it is not banned. */
  bannedUntil: number | null;
}

/** "enabled", or why it cannot connect. */
function stateOf({ disabled, bannedUntil, mustChange }: AccountView): string {
  if (disabled) return output.disabled;
  if (bannedUntil !== null && bannedUntil > Date.now()) return output.bannedState(bannedUntil);
  return mustChange ? output.newPassword : output.enabled;
}

type AccountAnswer = AccountView & { password?: string };

const whole = (view: AccountAnswer) =>
  fields({
    [columns.id]: view.id,
    ...row(view),
    [columns.secondFactor]: view.secondFactor,
    [columns.acl]: view.acl,
    [columns.bytesFromClient]: output.bytes(view.rxBytes),
    [columns.bytesToClient]: output.bytes(view.txBytes),
    ...(view.password === undefined ? {} : { [columns.password]: view.password }),
  });

interface CreateFlags {
  instance?: string;
  mail: string;
  passwordStdin?: boolean;
  bandwidth?: number;
  clientIp?: string;
  mustChange?: boolean;
}

export const accountVerbs: Verbs = (program, tools) => {
  const account = program.command("account").description(help.account.what);
  const password = async (fromStdin: boolean | undefined) => (fromStdin ? await firstLineOfStdin() : undefined);
  account
    .command("create <user>")
    .description(help.account.create)
    .requiredOption("--mail <address>", help.account.mail)
    .option("--password-stdin", help.account.passwordStdin)
    .option("--bandwidth <kbit/s>", help.account.bandwidthAtFirst, wholeNumber)
    .option("--client-ip <address>", help.account.clientIpAtFirst)
    .option("--must-change", help.account.mustChange)
    .option(...which)
    .action(async (user: string, o: CreateFlags) => {
      const { ask, print } = tools();
      const parameters = {
        user,
        instance: o.instance,
        mail: o.mail,
        password: await password(o.passwordStdin),
        bandwidth: o.bandwidth,
        clientIp: o.clientIp,
        mustChange: o.mustChange === true,
      };
      print(await ask("account create", parameters), whole, output.lost.password(user));
    });
  account
    .command("list")
    .description(help.account.list)
    .option(...which)
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("account list", { instance: o.instance }), (all: AccountView[]) => table(all.map(row)));
    });
  account
    .command("set <user>")
    .description(help.account.set)
    .option("--bandwidth <kbit/s>", help.account.bandwidth, wholeNumber)
    .option("--mail <address>", help.account.mail)
    .option("--client-ip <address>", help.account.clientIp)
    .option(...which)
    .action(async (user: string, o: { instance?: string; bandwidth?: number; mail?: string; clientIp?: string }) => {
      const { bandwidth, mail, clientIp } = o;
      if (bandwidth === undefined && mail === undefined && clientIp === undefined) {
        throw invalid("bandwidth", foreign(errors.arguments.accountChange));
      }
      const { ask, print } = tools();
      print(await ask("account set", { user, instance: o.instance, bandwidth, mail, clientIp }), whole);
    });
  for (const [verb, description] of [
    ["show", help.account.show],
    ["disable", help.account.disable],
    ["enable", help.account.enable],
    ["remove-second-factor", help.account["remove-second-factor"]],
  ] as const) {
    account
      .command(`${verb} <user>`)
      .description(description)
      .option(...which)
      .action(async (user: string, o: { instance?: string }) => {
        const { ask, print } = tools();
        print(await ask(`account ${verb}`, { user, instance: o.instance }), whole);
      });
  }
  account
    .command("delete <user>")
    .description(help.account.delete)
    .option(...which)
    .action(async (user: string, o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("account delete", { user, instance: o.instance }), () => output.deleted);
    });
  account
    .command("kick <user>")
    .description(help.account.kick)
    .option("--reason <text>", common.reason, "")
    .option("--ban <duration>", help.account.ban, durationSeconds)
    .option(...which)
    .action(async (user: string, o: { instance?: string; reason: string; ban?: number }) => {
      const { ask, print } = tools();
      const parameters = { user, instance: o.instance, reason: o.reason, banSeconds: o.ban };
      print(await ask("account kick", parameters), ({ ended, bannedUntil }: KickAnswer) =>
        [output.endedSessions(ended), ...(bannedUntil === null ? [] : [output.bannedUntil(bannedUntil)])].join("\n"),
      );
    });
  account
    .command("reset-password <user>")
    .description(help.account.resetPassword)
    .option("--password-stdin", help.account.newPasswordStdin)
    .option("--must-change", help.account.mustChangeAgain)
    .option(...which)
    .action(async (user: string, o: { instance?: string; passwordStdin?: boolean; mustChange?: boolean }) => {
      const { ask, print } = tools();
      const given = await password(o.passwordStdin);
      const parameters = { user, instance: o.instance, password: given, mustChange: o.mustChange === true };
      print(await ask("account reset-password", parameters), whole, output.lost.password(user));
    });
};
