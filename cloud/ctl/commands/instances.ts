import type { Command } from "commander";
import type { InstanceView } from "../../domain/instances/instances.ts";
import { durationSeconds, list, onOff, requiredOrOptional, wholeNumber } from "../arguments.ts";
import type { Verbs } from "../command.ts";
import { duration, fields, table } from "../output.ts";

const which = ["--instance <id|name>", "the instance; may be left out when there is only one"] as const;

const row = (view: InstanceView) => ({
  id: view.id,
  name: view.name,
  code: view.enterpriseCode,
  cidrs: view.cidrs.join(" "),
  accounts: view.accounts,
  sessions: view.sessions,
});

const whole = (view: InstanceView) =>
  fields({
    ...row(view),
    ccn: view.ccnId ?? "-",
    routes: view.routes.join(" ") || "-",
    "dns servers": view.dnsServers.join(" ") || "-",
    "dns domains": view.dnsDomains.join(" ") || (view.dnsServers.length > 0 ? "all names" : "-"),
    ...policyRow(view),
  });

const policyRow = ({ policy }: InstanceView) => ({
  "full tunnel": policy.fullTunnel,
  lockdown: policy.lockdown,
  lease: duration(policy.leaseSeconds),
  "sign-in": duration(policy.signInSeconds),
  "devices per account": policy.devicesPerAccount,
  "second factor": policy.secondFactorRequired ? "required" : "optional",
});

export const instanceVerbs: Verbs = (program, tools) => {
  const instance = program.command("instance").description("software instances");
  instance
    .command("create <name>")
    .description("make an instance")
    .requiredOption("--cidr <block>", "address block for clients; may be repeated", list)
    .option("--code <code>", "enterprise code; one is made if missing, an existing one is shared")
    .option("--ccn <id|name>", "CCN to bind it to; the default one if missing")
    .action(async (name: string, o: { cidr: string[]; code?: string; ccn?: string }) => {
      const { ask, print } = tools();
      print(await ask("instance create", { name, cidrs: o.cidr, code: o.code, ccn: o.ccn }), whole);
    });
  instance
    .command("list")
    .description("all instances")
    .action(async () => {
      const { ask, print } = tools();
      print(await ask("instance list", {}), (all: InstanceView[]) => table(all.map(row)));
    });
  instance
    .command("show [instance]")
    .description("one instance with everything set for it")
    .action(async (name: string | undefined) => {
      const { ask, print } = tools();
      print(await ask("instance show", { instance: name }), whole);
    });
  instance
    .command("delete <instance>")
    .description("delete an instance; its sessions end")
    .option("--force", "although it has accounts")
    .action(async (name: string, o: { force?: boolean }) => {
      const { ask, print } = tools();
      print(await ask("instance delete", { instance: name, force: o.force === true }), () => "Deleted.");
    });
};

/** cidr, route: lists with add, remove, list. */
export const listVerbs: Verbs = (program, tools) => {
  const show = async (instance: string | undefined, pick: (view: InstanceView) => string[]) => {
    const { ask, print } = tools();
    const view = (await ask("instance show", { instance })) as InstanceView;
    print(pick(view), (items: string[]) => items.join("\n") || "None.");
  };
  const objects: [string, string, string, (view: InstanceView) => string[]][] = [
    ["cidr", "block", "address blocks that clients get addresses from", (view) => view.cidrs],
    ["route", "prefix", "prefixes of the intranet", (view) => view.routes],
  ];
  for (const [object, word, description, pick] of objects) {
    const command = program.command(object).description(description);
    const change = (verb: string, many: boolean) =>
      command
        .command(`${verb} <${word}${many ? "..." : ""}>`)
        .option(...which)
        .action(async (given: string | string[], o: { instance?: string }) => {
          const { ask, print } = tools();
          const value = object === "route" && many ? { routes: given } : { [object]: given };
          const view = (await ask(`${object} ${verb}`, { instance: o.instance, ...value })) as InstanceView;
          print(pick(view), (items: string[]) => items.join("\n") || "None.");
        });
    change("add", object === "route");
    change("remove", false);
    command
      .command("list")
      .option(...which)
      .action((o: { instance?: string }) => show(o.instance, pick));
  }
};

export const dnsVerbs: Verbs = (program, tools) => {
  const dns = program.command("dns").description("name servers and domains that clients are given");
  const words = (view: InstanceView) =>
    fields({
      servers: view.dnsServers.join(" ") || "-",
      domains: view.dnsDomains.join(" ") || (view.dnsServers.length > 0 ? "all names" : "-"),
    });
  const change = async (instance: string | undefined, servers: string[], domains: string[]) => {
    const { ask, print } = tools();
    print(await ask("dns set", { instance, servers, domains }), words);
  };
  dns
    .command("set")
    .description("replace what is pushed; without --domain all names are asked inside")
    .requiredOption("--server <address>", "name server; may be repeated", list)
    .option("--domain <name>", "domain asked inside, with all below it; may be repeated", list)
    .option(...which)
    .action((o: { server: string[]; domain?: string[]; instance?: string }) =>
      change(o.instance, o.server, o.domain ?? []),
    );
  dns
    .command("show")
    .option(...which)
    .action(async (o: { instance?: string }) => {
      const { ask, print } = tools();
      print(await ask("instance show", { instance: o.instance }), words);
    });
  dns
    .command("clear")
    .description("push nothing")
    .option(...which)
    .action((o: { instance?: string }) => change(o.instance, [], []));
};

interface PolicyFlags {
  instance?: string;
  fullTunnel?: boolean;
  lockdown?: boolean;
  lease?: number;
  signIn?: number;
  devices?: number;
  secondFactor?: boolean;
}

export const policyVerbs: Verbs = (program: Command, tools) => {
  const policy = program.command("policy").description("what holds for everybody in an instance");
  policy
    .command("set")
    .option(...which)
    .option("--full-tunnel <on|off>", "all traffic goes inside", onOff)
    .option("--lockdown <on|off>", "nothing leaves the device but the tunnel", onOff)
    .option("--lease <duration>", "how long a session is kept without hearing from it (12h)", durationSeconds)
    .option("--sign-in <duration>", "until a person has to sign in again (30d)", durationSeconds)
    .option("--devices <n>", "devices per account at the same time (3)", wholeNumber)
    .option("--second-factor <required|optional>", "whether anybody signs in without one", requiredOrOptional)
    .action(async (o: PolicyFlags) => {
      const { ask, print } = tools();
      const change = {
        fullTunnel: o.fullTunnel,
        lockdown: o.lockdown,
        leaseSeconds: o.lease,
        signInSeconds: o.signIn,
        devicesPerAccount: o.devices,
        secondFactorRequired: o.secondFactor,
      };
      print(await ask("policy set", { instance: o.instance, change }), (view: InstanceView) => fields(policyRow(view)));
    });
  policy
    .command("show")
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
    .description("enrolment links")
    .command("create")
    .description("print the link that people open to sign in")
    .option(...which)
    .option("--server <url>", "address of this server as clients see it")
    .option("--no-pins", "for a certificate of a public authority: the name is enough")
    .action(async (o: { instance?: string; server?: string; pins: boolean }) => {
      const { ask, print } = tools();
      const asked = { instance: o.instance, server: o.server, noPins: !o.pins };
      print(await ask("link create", asked), (result: { link: string }) => result.link);
    });
};
