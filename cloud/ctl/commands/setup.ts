import { readFileSync } from "node:fs";
import { invalid, Refusal } from "../../base/cause.ts";
import type { AccountView } from "../../domain/accounts/accounts.ts";
import type { InstanceView } from "../../domain/instances/instances.ts";
import { requireBandwidth, requireMail, requireUserName } from "../../domain/limits/account.ts";
import { list, wholeNumber } from "../arguments.ts";
import type { Tools, Verbs } from "../command.ts";
import { fields, table } from "../output.ts";

interface SetupFlags {
  ccn?: string;
  cidr?: string[];
  route?: string[];
  dns?: string[];
  domain?: string[];
  user?: string;
  mail?: string;
  publicUrl?: string;
}

/** What quick-setup made, as it is printed. */
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
  const instance = (await ask("instance create", {
    name,
    cidrs: o.cidr ?? ["10.86.0.0/24"],
    ccn: o.ccn,
  })) as InstanceView;
  const of = { instance: instance.id };
  if (o.route) await ask("route add", { ...of, routes: o.route });
  if (o.dns) await ask("dns set", { ...of, servers: o.dns, domains: o.domain ?? [] });
  const user = o.user ?? "first.user";
  const mail = o.mail ?? `${user}@example.com`;
  const account = (await ask("account create", { ...of, user, mail, mustChange: false })) as AccountView & {
    password: string;
  };
  const asked = { ...of, ...(o.publicUrl === undefined ? {} : { server: o.publicUrl }), noPins: false };
  const { link } = (await ask("link create", asked)) as { link: string };
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
  program
    .command("quick-setup <name>")
    .description(
      "an instance with its CCN and CEN, address block, DNS, networks, a first account, its link and a token for access points",
    )
    .option("--ccn <id|name>", "CCN that is there already, with the CEN it is attached to; the default one if missing")
    .option("--cidr <block>", "address block for clients (10.86.0.0/24); may be repeated", list)
    .option("--route <prefix>", "prefix of the intranet; may be repeated", list)
    .option("--dns <address>", "name server inside; may be repeated", list)
    .option("--domain <name>", "domain asked inside; may be repeated", list)
    .option("--user <name>", "the first account's name (first.user)")
    .option("--mail <address>", "its mail address")
    .option("--public-url <url>", "address of this server as clients see it")
    .action(async (name: string, o: SetupFlags) => {
      const at = tools();
      at.print(await quickSetup(at, name, o), (made: Made) => fields({ ...made }));
    });
  const account = program.commands.find((command) => command.name() === "account");
  account
    ?.command("import <file>")
    .description("make accounts from a CSV file with the columns user, mail and perhaps bandwidth, client-ip, password")
    .option("--instance <id|name>", "the instance; may be left out when there is only one")
    .option("--dry-run", "only say what would be done")
    .option("--bandwidth <kbit/s>", "for rows that name none (2000)", wholeNumber)
    .action(async (file: string, o: { instance?: string; dryRun?: boolean; bandwidth?: number }) => {
      const at = tools();
      const done = await importAccounts(at, file, o);
      at.print(done, (rows: ImportedRow[]) => table(rows.map((row) => ({ ...row }))));
      if (done.some((row) => row.result.startsWith("refused"))) process.exitCode = 1;
    });
};

interface ImportedRow {
  line: number;
  user: string;
  result: string;
  /** A made one, told this once; "" = it was given. */
  password: string;
}

async function importAccounts(
  { ask }: Tools,
  file: string,
  o: { instance?: string; dryRun?: boolean; bandwidth?: number },
): Promise<ImportedRow[]> {
  const rows = readCsv(readFileSync(file, "utf8"));
  const there = (await ask("account list", { instance: o.instance })) as AccountView[];
  const names = new Set(there.map((account) => account.userName));
  const out: ImportedRow[] = [];
  for (const [index, row] of rows.entries()) {
    const line = index + 2;
    const user = row.user ?? "";
    const wish = {
      instance: o.instance,
      user,
      mail: row.mail ?? "",
      bandwidth: row.bandwidth ? wholeNumber(row.bandwidth) : o.bandwidth,
      clientIp: row["client-ip"] || undefined,
      password: row.password || undefined,
      mustChange: false,
    };
    try {
      requireUserName(wish.user);
      requireMail(wish.mail);
      if (wish.bandwidth !== undefined) requireBandwidth(wish.bandwidth);
      if (names.has(user)) throw new Refusal("already_exists", `There is an account ${user} already.`);
      names.add(user);
      if (o.dryRun) {
        out.push({ line, user, result: "would be made", password: "" });
        continue;
      }
      const made = (await ask("account create", wish)) as { password?: string };
      out.push({ line, user, result: "made", password: made.password ?? "" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      out.push({ line, user, result: `refused: ${error.message}`, password: "" });
    }
  }
  return out;
}

/** RFC 4180: quoted fields may hold commas, quotes (doubled) and line ends. The first line names the columns. */
export function readCsv(text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  let field = "";
  let quoted = false;
  const end = () => {
    lines.at(-1)?.push(field.trim());
    field = "";
  };
  const body = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  for (let i = 0; i < body.length; i++) {
    const c = body[i] ?? "";
    if (quoted) {
      if (c !== '"') field += c;
      else if (body[i + 1] === '"') field += body[i++];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") end();
    else if (c === "\n") {
      end();
      lines.push([]);
    } else field += c;
  }
  if (quoted) throw invalid("file", "The file ends within quotes.");
  end();
  const [head = [], ...rest] = lines.filter((line) => line.some((cell) => cell !== ""));
  const columns = head.map((name) => name.toLowerCase());
  for (const needed of ["user", "mail"]) {
    if (!columns.includes(needed)) throw invalid("file", `The first line must name the columns; ${needed} is missing.`);
  }
  return rest.map((line) => Object.fromEntries(columns.map((name, i) => [name, line[i] ?? ""])));
}
