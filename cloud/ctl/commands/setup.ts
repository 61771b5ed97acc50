import { closeSync, openSync, readSync } from "node:fs";
import { ctlTexts } from "../../../common/text/ctl.ts";
import { invalid, Refusal } from "../../base/cause.ts";
import { foreign } from "../../base/say.ts";
import type { AccountView } from "../../domain/accounts/accounts.ts";
import type { Imported } from "../../domain/accounts/import.ts";
import type { InstanceView } from "../../domain/instances/instances.ts";
import { accountsIn, mostBytes } from "../account-file.ts";
import { list, wholeNumber } from "../arguments.ts";
import type { Tools, Verbs } from "../command.ts";
import { toNewFile } from "../new-file.ts";
import { setInputNames } from "../option-names.ts";
import { fields, renamed } from "../output.ts";
import { table } from "../table.ts";

const { common, errors, help, output } = ctlTexts;

interface SetupFlags {
  ccn?: string;
  cidr?: string[];
  route?: string[];
  dns?: string[];
  domain?: string[];
  search?: string[];
  user?: string;
  mail?: string;
  publicUrl?: string;
  output?: string;
}

/** What quick-setup created, as it is printed. */
interface Made {
  instance: string;
  code: string;
  ccn: string | null;
  link: string;
  user: string;
  password: string;
  accessPointToken: string;
}

async function quickSetup({ ask }: Tools, name: string, o: SetupFlags): Promise<Made> {
  const known = ((await ask("instance list", {})) as InstanceView[]).find((one) => one.name === name);
  if (known) {
    throw new Refusal("already_exists", foreign(errors.instanceExists(name, known.id)));
  }
  const instance = (await ask("instance create", {
    name,
    cidrs: o.cidr ?? ["10.86.0.0/24"],
    ccn: o.ccn,
  })) as InstanceView;
  const of = { instance: instance.id };
  if (o.route) await ask("route add", { ...of, routes: o.route });
  if (o.dns) await ask("dns set", { ...of, servers: o.dns, domains: o.domain ?? [], search: o.search ?? [] });
  const user = o.user ?? "first.user";
  const mail = o.mail ?? `${user}@example.com`;
  // Without --mail there is nobody to mail the password to; it is only in the output.
  const wish = { ...of, user, mail, mustChange: false, tell: o.mail !== undefined };
  const account = (await ask("account create", wish)) as AccountView & {
    password: string;
  };
  const request = { ...of, ...(o.publicUrl === undefined ? {} : { server: o.publicUrl }) };
  const { link } = (await ask("link create", request)) as { link: string };
  const week = 7 * 86_400;
  const token = (await ask("access-point token create", {
    uses: 4,
    lifetimeSeconds: week,
    ccn: instance.ccnId,
  })) as { token: string };
  return {
    instance: instance.id,
    code: instance.enterpriseCode,
    ccn: instance.ccnId,
    link,
    user,
    password: account.password,
    accessPointToken: token.token,
  };
}

export const setupVerbs: Verbs = (program, tools) => {
  const quick = program
    .command("quick-setup <name>")
    .description(help.quickSetup.what)
    .option("--ccn <id|name>", help.quickSetup.ccn)
    .option("--cidr <block>", help.quickSetup.cidr, list)
    .option("--route <prefix>", help.quickSetup.route, list)
    .option("--dns <address>", help.quickSetup.dns, list)
    .option("--domain <name>", help.quickSetup.domain, list)
    .option("--search <domain>", help.quickSetup.search, list)
    .option("--user <name>", help.quickSetup.user)
    .option("--mail <address>", help.quickSetup.mail)
    .option("--public-url <url>", help.quickSetup.publicUrl)
    .option("--output <file>", help.quickSetup.output)
    .action(async (name: string, o: SetupFlags) => {
      const at = tools();
      const again = (made: Made) => output.lost.quickSetup(made.instance);
      if (o.output === undefined) {
        const made = await quickSetup(at, name, o);
        at.print(made, () => fields(renamed({ ...made }, output.views.quickSetup)), again(made));
      } else {
        const { instance } = await toNewFile(o.output, () => quickSetup(at, name, o), again);
        at.print({ instance, output: o.output }, () => output.setUp(instance, o.output ?? ""));
      }
    });
  setInputNames(
    quick,
    new Map([
      ["servers", "--dns"],
      ["server", "--public-url"],
    ]),
  );
  const account = program.commands.find((command) => command.name() === "account");
  account
    ?.command("import <file>")
    .description(help.import.what)
    .option("--instance <id|name>", common.instance)
    .option("--dry-run", help.import.dryRun)
    .option("--bandwidth <kbit/s>", help.import.bandwidth, wholeNumber)
    .action(async (file: string, o: { instance?: string; dryRun?: boolean; bandwidth?: number }) => {
      const at = tools();
      const done = await importFile(at, file, o);
      const words = (rows: Imported[]) => table(rows.map((row) => renamed({ ...row }, output.views.import)));
      at.print(done, words, done.some((row) => row.password !== "") ? output.lost.passwords : undefined);
      if (done.some((row) => row.result.startsWith("refused"))) process.exitCode = 1;
    });
};

async function importFile(
  { ask }: Tools,
  file: string,
  o: { instance?: string; dryRun?: boolean; bandwidth?: number },
): Promise<Imported[]> {
  const rows = accountsIn(contentOf(file, mostBytes + 1), o.bandwidth);
  return (await ask("account import", { instance: o.instance, dryRun: o.dryRun === true, rows })) as Imported[];
}

/** The first `most` bytes of a file, so that a large file does not fill the memory. "-" = standard input. */
function contentOf(file: string, most: number): Buffer {
  try {
    const descriptor = file === "-" ? 0 : openSync(file, "r");
    try {
      return beginOf(descriptor, most);
    } finally {
      if (descriptor !== 0) closeSync(descriptor);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") throw new Refusal("not_found", foreign(errors.files.notFound(file)));
    if (code === "EISDIR") throw invalid("file", foreign(errors.files.directory(file)));
    if (code === "EACCES") throw new Refusal("not_permitted", foreign(errors.files.notReadable(file)));
    throw error;
  }
}

function beginOf(descriptor: number, most: number): Buffer {
  const content = Buffer.alloc(most);
  let length = 0;
  for (let read = -1; read !== 0 && length < most; length += read) {
    read = readSync(descriptor, content, length, most - length, null);
  }
  return content.subarray(0, length);
}
