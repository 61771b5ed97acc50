import type { Command } from "commander";
import { ctlTexts } from "../../../common/text/ctl.ts";
import { invalid } from "../../base/cause.ts";
import { contains, hostPrefix, parseCidr, parseIp } from "../../base/ip.ts";
import { foreign } from "../../base/say.ts";
import type { InstanceView } from "../../domain/instances/instances.ts";
import { durationSeconds, list, onOff, requiredOrOptional, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { duration, fields, plain } from "../output.ts";
import { table } from "../table.ts";

const { common, errors, help, output } = ctlTexts;
const { columns } = output;

const which = ["--instance <id|name>", common.instance] as const;

const row = (view: InstanceView) => ({
  [columns.id]: view.id,
  [columns.name]: view.name,
  [columns.code]: view.enterpriseCode,
  [columns.cidrs]: view.cidrs.join(" "),
  [columns.accounts]: view.accounts,
  [columns.sessions]: view.sessions,
  [columns.end]: view.endTime?.slice(0, 10) ?? output.noEnd,
});

const whole = (view: InstanceView) =>
  fields({
    ...row(view),
    [columns.end]: view.endTime ?? output.noEnd,
    [columns.region]: view.region,
    [columns.ccn]: view.ccnId ?? "-",
    [columns.routes]: view.routes.join(" ") || "-",
    [columns.dnsServers]: view.dnsServers.join(" ") || "-",
    [columns.dnsDomains]: view.dnsDomains.join(" ") || (view.dnsServers.length > 0 ? output.allNames : "-"),
    [columns.searchDomains]: view.dnsSearchDomains.join(" ") || "-",
    ...policyRow(view),
  });

const policyRow = ({ policy }: InstanceView) => ({
  [columns.fullTunnel]: policy.fullTunnel,
  [columns.lockdown]: policy.lockdown,
  [columns.lease]: duration(policy.leaseSeconds),
  [columns.signIn]: duration(policy.signInSeconds),
  [columns.devicesPerAccount]: policy.devicesPerAccount,
  [columns.secondFactor]: policy.secondFactorRequired ? output.required : output.optional,
  [columns.instanceBandwidth]: policy.bandwidth === 0 ? output.noLimit : output.mbit(policy.bandwidth),
});

interface Warned {
  warnings?: string[];
}

function warn({ warnings = [] }: Warned): void {
  for (const warning of warnings) process.stderr.write(`${output.warning(plain(warning))}\n`);
}

export const instanceVerbs: Verbs = (program, tools) => {
  const instance = program.command("instance").description(help.instance.what);
  instance
    .command("create <name>")
    .description(help.instance.create)
    .requiredOption("--cidr <block>", help.instance.cidr, list)
    .option("--code <code>", help.instance.code)
    .option("--ccn <id|name>", help.instance.ccn)
    .action(async (name: string, o: { cidr: string[]; code?: string; ccn?: string }) => {
      const { ask, print } = tools();
      const view = await ask("instance create", { name, cidrs: o.cidr, code: o.code, ccn: o.ccn });
      warn(view as Warned);
      print(view, whole);
    });
  instance
    .command("list")
    .description(help.instance.list)
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("instance list", {}), (all: InstanceView[]) => table(all.map(row)));
    });
  instance
    .command("show [instance]")
    .description(help.instance.show)
    .action(async (name: string | undefined) => {
      const { ask, print } = tools();
      print(await ask("instance show", { instance: name }), whole);
    });
  instance
    .command("delete <instance>")
    .description(help.instance.delete)
    .option("--force", help.instance.force)
    .action(async (name: string, o: { force?: boolean }) => {
      const { ask, print } = tools();
      print(await ask("instance delete", { instance: name, force: o.force === true }), () => output.deleted);
    });
};

/** The verbs of cidr and route: add, remove, list. */
export const listVerbs: Verbs = (program, tools) => {
  const objects: ["cidr" | "route", string, (view: InstanceView) => string[]][] = [
    ["cidr", "block", (view) => view.cidrs],
    ["route", "prefix", (view) => view.routes],
  ];
  for (const [object, word, pick] of objects) {
    const words = (items: string[]) => table(items.map((item) => ({ [columns[object]]: item })));
    const command = program.command(object).description(help[object].what);
    const change = (verb: "add" | "remove", many: boolean) =>
      command
        .command(`${verb} <${word}${many ? "..." : ""}>`)
        .description(help[object][verb])
        .option(...which)
        .action(async (given: string | string[], o: { instance?: string }) => {
          const { ask, print } = tools();
          const value = object === "route" && many ? { routes: given } : { [object]: given };
          const view = (await ask(`${object} ${verb}`, { instance: o.instance, ...value })) as InstanceView & Warned;
          warn(view);
          print(pick(view), verb === "add" ? words : () => output.removedOne(plain(given)));
        });
    change("add", object === "route");
    change("remove", false);
    command
      .command("list")
      .description(help[object].list)
      .option(...which)
      .action(async (o: { instance?: string }) => {
        const { ask, print } = tools();
        print(pick((await ask("instance show", { instance: o.instance })) as InstanceView), words);
      });
  }
};

/** Name servers that are not in any of the instance's own routes. */
function unrouted({ dnsServers, routes }: InstanceView): string[] {
  const prefixes = routes.flatMap((route) => parseCidr(route) ?? []);
  return dnsServers.filter((server) => {
    const ip = parseIp(server);
    return ip !== undefined && !prefixes.some((prefix) => contains(prefix, ip));
  });
}

export const dnsVerbs: Verbs = (program, tools) => {
  const dns = program.command("dns").description(help.dns.what);
  const words = (view: InstanceView) =>
    fields({
      [columns.servers]: view.dnsServers.join(" ") || "-",
      [columns.domains]: view.dnsDomains.join(" ") || (view.dnsServers.length > 0 ? output.allNames : "-"),
      [columns.search]: view.dnsSearchDomains.join(" ") || "-",
    });
  const change = async (instance: string | undefined, servers: string[], domains: string[], search: string[]) => {
    const { ask, print } = tools();
    const view = (await ask("dns set", { instance, servers, domains, search })) as InstanceView;
    for (const server of view.policy.fullTunnel ? [] : unrouted(view)) {
      process.stderr.write(`${output.warning(output.unrouted(server, hostPrefix(server) ?? ""))}\n`);
    }
    print(view, words);
  };
  dns
    .command("set")
    .description(help.dns.set)
    .requiredOption("--server <address>", help.dns.server, list)
    .option("--domain <name>", help.dns.domain, list)
    .option("--search <domain>", help.dns.search, list)
    .option(...which)
    .action((o: { server: string[]; domain?: string[]; search?: string[]; instance?: string }) =>
      change(o.instance, o.server, o.domain ?? [], o.search ?? []),
    );
  dns
    .command("show")
    .description(help.dns.show)
    .option(...which)
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("instance show", { instance: o.instance }), words);
    });
  dns
    .command("clear")
    .description(help.dns.clear)
    .option(...which)
    .action((o: { instance?: string }) => change(o.instance, [], [], []));
};

interface PolicyFlags {
  instance?: string;
  fullTunnel?: boolean;
  lockdown?: boolean;
  lease?: number;
  signIn?: number;
  devices?: number;
  secondFactor?: boolean;
  bandwidth?: number;
}

export const policyVerbs: Verbs = (program: Command, tools) => {
  const policy = program.command("policy").description(help.policy.what);
  policy
    .command("set")
    .description(help.policy.set)
    .option(...which)
    .option("--full-tunnel <on|off>", help.policy.fullTunnel, onOff)
    .option("--lockdown <on|off>", help.policy.lockdown, onOff)
    .option("--lease <duration>", help.policy.lease, durationSeconds)
    .option("--sign-in <duration>", help.policy.signIn, durationSeconds)
    .option("--devices <n>", help.policy.devices, wholeNumber)
    .option("--second-factor <required|optional>", help.policy.secondFactor, requiredOrOptional)
    .option("--bandwidth <mbit/s>", help.policy.bandwidth, wholeNumber)
    .action(async (o: PolicyFlags) => {
      const { ask, print } = tools();
      const change = {
        fullTunnel: o.fullTunnel,
        lockdown: o.lockdown,
        leaseSeconds: o.lease,
        signInSeconds: o.signIn,
        devicesPerAccount: o.devices,
        secondFactorRequired: o.secondFactor,
        bandwidth: o.bandwidth,
      };
      if (Object.values(change).every((value) => value === undefined)) {
        throw invalid("policy", foreign(errors.arguments.policyChange));
      }
      print(await ask("policy set", { instance: o.instance, change }), (view: InstanceView) => fields(policyRow(view)));
    });
  policy
    .command("show")
    .description(help.policy.show)
    .option(...which)
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      const view = (await ask("instance show", { instance: o.instance })) as InstanceView;
      print(view.policy, () => fields(policyRow(view)));
    });
};

export const linkVerbs: Verbs = (program, tools) => {
  program
    .command("link")
    .description(help.link.what)
    .command("create")
    .description(help.link.create)
    .option(...which)
    .option("--server <url>", help.link.server)
    .option("--pins", help.link.pins)
    .option("--no-pins", help.link.noPins)
    .action(async (o: { instance?: string; server?: string; pins?: boolean }) => {
      if (process.argv.includes("--pins") && process.argv.includes("--no-pins")) {
        throw invalid("pins", foreign(errors.arguments.pinsOrNot));
      }
      const { ask, print } = tools();
      const request = { instance: o.instance, server: o.server, pins: o.pins };
      print(await ask("link create", request), (result: { link: string }) => plain(result.link));
    });
};
