import type { HopWord, WarningWord } from "../../electron/core/client/model.ts";
import { network } from "./intranet/plan.ts";
import type { Site } from "./site.ts";

/** How an administrator breaks and fixes one hop with `sagctl`, and the state of the hop meanwhile. */
export interface Break {
  kind: HopWord;
  code: WarningWord;
  broken: string[];
  fixed: string[];
}

const abroad = "ap-southeast-1";

/** The ids of the company's only chain. */
interface Chain {
  instance: string;
  ccn: string;
  cen: string;
}

async function chainOf(site: Site): Promise<Chain> {
  const [instance] = await site.sagctl<{ id: string }[]>(["instance", "list"]);
  const id = instance?.id ?? "";
  const { hops } = await site.sagctl<{ hops: { kind: string; id: string }[] }>(["instance", "hops", id]);
  const idOf = (kind: string) => hops.find((hop) => hop.kind === kind)?.id ?? "";
  return { instance: id, ccn: idOf("ccn"), cen: idOf("cen") };
}

/**
 * Moves the intranet to a cloud network in another area, with everything this needs; returns how to break each hop.
 */
export async function abroadBreaks(site: Site): Promise<Break[]> {
  const ask = (...args: string[]) => site.sagctl<Record<string, string>>(args);
  const { instance, ccn, cen } = await chainOf(site);
  await ask("route", "remove", network);
  const { id: vpc = "" } = await ask("network", "create", "servers", "--cidr", network, "--region", abroad);
  const attach = ["cen", "attach", cen, vpc, "--region", abroad];
  await ask(...attach);
  const { id: bought = "" } = await ask("cen", "bandwidth", "10", "China", "Asia-Pacific");
  await ask("cen", "use-bandwidth", cen, bought);
  const limit = (mbits: string) => ["cen", "limit", cen, "ccn-cn-shanghai", abroad, mbits];
  await ask(...limit("10"));
  const { id: acl = "" } = await ask("acl", "create", "nothing goes");
  await ask("acl", "add", acl, "--policy", "drop");
  const elsewhere = await elsewhereOnly(site);
  return [
    {
      kind: "ccn",
      code: "ccn_not_bound",
      broken: ["ccn", "unbind", ccn, instance],
      fixed: ["ccn", "bind", ccn, instance],
    },
    {
      kind: "cen",
      code: "ccn_not_attached_to_cen",
      broken: ["ccn", "detach", ccn, cen],
      fixed: ["ccn", "attach", ccn, cen],
    },
    { kind: "cloud_network", code: "area_needs_bandwidth", broken: limit("0"), fixed: limit("10") },
    {
      kind: "cloud_network",
      code: "cloud_network_not_attached",
      broken: ["cen", "detach", cen, vpc],
      fixed: attach,
    },
    {
      kind: "cloud_network",
      code: "acl_denies",
      broken: ["acl", "use", acl, instance],
      fixed: ["acl", "unuse", acl, instance],
    },
    {
      kind: "cloud_network",
      code: "cloud_network_unreachable",
      broken: ["network", "set", vpc, "--access-point", elsewhere],
      fixed: ["network", "set", vpc, "--any-access-point", "true"],
    },
  ];
}

/** Creates an access point of another CCN, which serves no session; returns its id. */
async function elsewhereOnly(site: Site): Promise<string> {
  const ccn = await site.sagctl<{ id: string }>(["ccn", "create", "elsewhere"]);
  const made = await site.sagctl<{ token: string }>([
    "access-point",
    "token",
    "create",
    "--uses",
    "1",
    "--ccn",
    ccn.id,
  ]);
  site.secrets.push(made.token);
  const other = await site.startAccessPoint("access-point-elsewhere", { token: made.token });
  site.accessPoints.splice(site.accessPoints.indexOf(other), 1);
  await other.stop();
  return other.ready.id;
}

/** Moves the intranet behind a Cloud Enterprise Network of another account, which grants the CCN access to it. */
export async function grantBreak(site: Site): Promise<Break> {
  const ask = (...args: string[]) => site.sagctl<Record<string, string>>(args);
  const { ccn, cen } = await chainOf(site);
  const { uid = "" } = await ask("tenant", "create", "partner");
  const partner = ["--tenant", "partner"];
  const { id: theirs = "" } = await ask("cen", "create", "backbone", ...partner);
  const { id: vpc = "" } = await ask("network", "create", "datacentre", "--cidr", network, ...partner);
  await ask("cen", "attach", theirs, vpc, ...partner);
  const grant = ["ccn", "grant", ccn, theirs, String(uid)];
  await ask(...grant);
  await ask("ccn", "detach", ccn, cen);
  await ask("cen", "attach", theirs, ccn, "--type", "CCN", "--region", "ccn-cn-shanghai", ...partner);
  return { kind: "cen", code: "grant_missing", broken: ["ccn", "revoke", ccn, theirs], fixed: grant };
}
