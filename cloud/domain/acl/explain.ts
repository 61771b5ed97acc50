import { type Cidr, contains, hostPrefix, type Ip, parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { findAcl } from "../../store/queries/acls.ts";
import { clientBlocks } from "../../store/queries/chains.ts";
import { namedSessions } from "../../store/queries/sessions.ts";
import type { Account } from "../../store/shapes.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import { loadProfile } from "../sessions/profile.ts";
import { accessList } from "./access-list.ts";
import { asOne, listsOf } from "./effective.ts";
import { type AclRuleView, viewRule } from "./listing.ts";
import { decidingRule, deniesAll, type Flow } from "./match.ts";

/** Why a flow of an account is accepted or dropped. */
export interface Explanation {
  policy: "accept" | "drop";
  /** What decides: a rule, that no rule matches, that there are no rules, or that no route leads there. */
  reason: "rule" | "no_rule" | "no_list" | "no_route";
  /** The rule that decides; null = none. */
  rule: AclRuleView | null;
  /** The list of that rule. */
  list: { id: string; name: string } | null;
  /** The addresses with which the rules were compared: those of the sessions, else those that the account may get. */
  clients: string[];
}

/** What happens to a flow that a client of the account opens. */
export async function explain(
  db: Db,
  accessPoints: AccessPoints,
  account: Account,
  wanted: Pick<Flow, "protocol" | "remote" | "names" | "remotePort" | "clientPort">,
): Promise<Explanation> {
  const clients = await addressesOf(db, account);
  const lists = await listsOf(db, account.instanceId, account.aclId);
  const flow: Flow = { direction: "out", clients: clients.flatMap((text) => parseCidr(text) ?? []), ...wanted };
  const profile = await loadProfile(db, accessPoints, account.instanceId, account);
  // A list that denies a whole network removes its route, so the list is the reason then.
  const target = hostOf(wanted.remote);
  const alike = flow.clients.filter(({ version }) => version === target.version);
  const isDenied = deniesAll(asOne(lists), alike, target);
  if (!isDenied && !reaches(profile?.routes ?? [], wanted.remote)) {
    return { policy: "drop", reason: "no_route", rule: null, list: null, clients };
  }
  const decisive = decidingRule(accessList(asOne(lists)), flow);
  const row = lists.flat().find(({ id }) => id === decisive?.id);
  if (!decisive || !row) {
    return { policy: "accept", reason: lists.length === 0 ? "no_list" : "no_rule", rule: null, list: null, clients };
  }
  const acl = await findAcl(db, row.aclId);
  const list = { id: row.aclId, name: acl?.name ?? "" };
  return { policy: decisive.allow ? "accept" : "drop", reason: "rule", rule: viewRule(row), list, clients };
}

async function addressesOf(db: Db, account: Account): Promise<string[]> {
  const sessions = await namedSessions(db, account.id, { instanceId: account.instanceId });
  if (sessions.length > 0) return sessions.flatMap((s) => [hostPrefix(s.clientIp), hostPrefix(s.clientIp6)]);
  if (account.clientIp !== null) return [hostPrefix(account.clientIp)];
  return clientBlocks(db, account.instanceId);
}

const hostOf = ({ version, value }: Ip): Cidr => ({ version, first: value, mask: version === 4 ? 32 : 128 });

function reaches(routes: readonly string[], remote: Ip): boolean {
  const prefixes: Cidr[] = routes.flatMap((text) => parseCidr(text) ?? []);
  return prefixes.some((prefix) => contains(prefix, remote));
}
