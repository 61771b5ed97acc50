import type { AccountView } from "../../domain/accounts/accounts.ts";
import { firstLineOfStdin, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { fields, table } from "../output.ts";

const which = ["--instance <id|name>", "the instance; may be left out when there is only one"] as const;

const row = (view: AccountView) => ({
  user: view.userName,
  mail: view.mail,
  state: view.disabled ? "disabled" : view.mustChange ? "new password" : "enabled",
  "kbit/s": view.bandwidth === 0 ? "no cap" : view.bandwidth,
  "fixed address": view.clientIp,
  sessions: view.sessions,
});

type Told = AccountView & { password?: string };

const whole = (view: Told) =>
  fields({
    id: view.id,
    ...row(view),
    "second factor": view.secondFactor,
    "bytes from client": view.rxBytes,
    "bytes to client": view.txBytes,
    ...(view.password === undefined ? {} : { password: view.password }),
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
  const account = program.command("account").description("client accounts");
  const password = async (fromStdin: boolean | undefined) => (fromStdin ? await firstLineOfStdin() : undefined);
  account
    .command("create <user>")
    .description("make an account; without --password-stdin a password is made and printed this once")
    .requiredOption("--mail <address>", "mail address")
    .option("--password-stdin", "read the password from standard input")
    .option("--bandwidth <kbit/s>", "cap each way, 1 to 20000; 0 = none (2000)", wholeNumber)
    .option("--client-ip <address>", "fixed client address")
    .option("--must-change", "a new password has to be chosen at the first sign-in")
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
      print(await ask("account create", parameters), whole);
    });
  account
    .command("list")
    .option(...which)
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("account list", { instance: o.instance }), (all: AccountView[]) => table(all.map(row)));
    });
  for (const [verb, description] of [
    ["show", "one account"],
    ["disable", "end its sessions and refuse new ones"],
    ["enable", "allow it again"],
    ["remove-second-factor", "when somebody lost the authenticator; where one is required, a new one has to be set up"],
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
    .description("delete it; its sessions end, its traffic records stay")
    .option(...which)
    .action(async (user: string, o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("account delete", { user, instance: o.instance }), () => "Deleted.");
    });
  account
    .command("kick <user>")
    .description("end all its sessions; it may dial again")
    .option("--reason <text>", "shown to the person", "")
    .option(...which)
    .action(async (user: string, o: { instance?: string; reason: string }) => {
      const { ask, print } = tools();
      const result = await ask("account kick", { user, instance: o.instance, reason: o.reason });
      print(result, ({ ended }: { ended: number }) => `Ended ${ended} session${ended === 1 ? "" : "s"}.`);
    });
  account
    .command("reset-password <user>")
    .description("set a new password; all its devices are signed out")
    .option("--password-stdin", "read the password from standard input; without, one is made and printed this once")
    .option("--must-change", "another one has to be chosen at the next sign-in")
    .option(...which)
    .action(async (user: string, o: { instance?: string; passwordStdin?: boolean; mustChange?: boolean }) => {
      const { ask, print } = tools();
      const given = await password(o.passwordStdin);
      const parameters = { user, instance: o.instance, password: given, mustChange: o.mustChange === true };
      print(await ask("account reset-password", parameters), whole);
    });
};
