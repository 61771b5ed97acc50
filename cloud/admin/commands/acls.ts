import { z } from "zod";
import { invalid } from "../../base/cause.ts";
import { parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { findAccount } from "../../domain/accounts/accounts.ts";
import {
  addRule,
  associateAccountAcl,
  associateAcl,
  createAcl,
  deleteAcl,
  deleteRule,
  disassociateAccountAcl,
  disassociateAcl,
  modifyRule,
  ownAcl,
  renameAcl,
  ruleOf,
} from "../../domain/acl/acl.ts";
import { explain } from "../../domain/acl/explain.ts";
import { listAcls, listRules, viewAcl, viewRule } from "../../domain/acl/listing.ts";
import { ownInstance } from "../../domain/instances/own.ts";
import { textRules } from "../../domain/limits/text.ts";
import { type AnyCommand, type Changing, changing, type Reading, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, textOf, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import {
  aclType,
  applications,
  protocol,
  region,
  ruleDirection,
  rulePolicy,
  rulePriority,
  ruleType,
} from "./values.ts";

const text = z.string().max(2_000);
/** If `region` is given, a list in another region is reported as not found. */
const one = { acl: text, region: region.optional() };

const ruleValues = z.strictObject({
  direction: ruleDirection,
  policy: rulePolicy,
  protocol,
  sourceCidr: text,
  destCidr: text,
  sourcePorts: text,
  destPorts: text,
  priority: rulePriority,
  name: textOf(textRules.ruleName),
  description: textOf(textRules.ruleDescription),
  type: ruleType,
  dpiGroupIds: applications,
  dpiSignatureIds: applications,
});

/** What need not be said of a new rule. */
const newRule = ruleValues.extend({
  priority: rulePriority.default(1),
  name: ruleValues.shape.name.default(""),
  description: ruleValues.shape.description.default(""),
  type: ruleType.default("LAN"),
  dpiGroupIds: applications.default("[]"),
  dpiSignatureIds: applications.default("[]"),
});

const theAcl = ({ db, caller }: Pick<Reading, "db" | "caller">, p: { acl: string; region?: string | undefined }) =>
  ownAcl(db, caller.tenant, p.acl, p.region);

export const aclCreate = changing({
  name: "acl create",
  access: "write",
  input: z.strictObject({ name: textOf(textRules.aclName), type: aclType, region }),
  handle: async (change, p) => viewAcl(await createAcl(change, change.caller.tenant, p)),
});

export const aclList = reading({
  name: "acl list",
  access: "read",
  input: z.strictObject({
    region: region.optional(),
    ids: z.array(text).max(50).optional(),
    type: aclType.optional(),
    namePart: text.optional(),
    ...paged,
  }),
  async read(at, { page, ...filter }) {
    const { tenant } = at.caller;
    await requireNotElsewhere(filter.ids, (id) => ownAcl(at.db, tenant, id, filter.region));
    return listAcls(at.db, readerOf(at), { ...filter, tenantId: tenant.id }, wishOf(page));
  },
});

export const aclShow = reading({
  name: "acl show",
  access: "read",
  input: z.strictObject(one),
  read: async (at, p) => viewAcl(await theAcl(at, p)),
});

export const aclRules = reading({
  name: "acl rules",
  access: "read",
  input: z.strictObject({
    ...one,
    direction: ruleDirection.optional(),
    name: text.optional(),
    order: z.enum(["asc", "desc"]).optional(),
    ...paged,
  }),
  async read(at, p) {
    const acl = await theAcl(at, p);
    const { direction, name, order = "asc" } = p;
    const page = await listRules(at.db, readerOf(at), acl, { direction, name, order }, wishOf(p.page));
    // Packets that each rule has decided about, and their inner bytes.
    const rows = page.rows.map((row) => ({ ...row, ...at.context.decided.ofRule(row.id) }));
    return { aclType: acl.type, ...page, rows };
  },
});

export const aclRename = changing({
  name: "acl rename",
  access: "write",
  input: z.strictObject({ ...one, name: textOf(textRules.aclName) }),
  handle: async (change, p) => renameAcl(change, await theAcl(change, p), p.name),
});

export const aclDelete = changing({
  name: "acl delete",
  access: "write",
  input: z.strictObject(one),
  handle: async (change, p) => deleteAcl(change, await theAcl(change, p)),
});

export const aclAdd = changing({
  name: "acl add",
  access: "write",
  input: z.strictObject({ ...one, rule: newRule }),
  handle: async (change, p) => viewRule(await addRule(change, await theAcl(change, p), p.rule)),
});

export const aclSet = changing({
  name: "acl set",
  access: "write",
  input: z.strictObject({ ...one, id: text, rule: ruleValues.partial() }),
  async handle(change, p) {
    const given = Object.entries(p.rule).filter(([, value]) => value !== undefined);
    const rule = await ruleOf(change.tx, await theAcl(change, p), p.id);
    return viewRule(await modifyRule(change, rule, Object.fromEntries(given)));
  },
});

export const aclRemove = changing({
  name: "acl remove",
  access: "write",
  input: z.strictObject({ ...one, id: text }),
  handle: async (change, p) => deleteRule(change, await ruleOf(change.tx, await theAcl(change, p), p.id)),
});

/** An instance, or one of its accounts. */
const user = { ...one, instance: text, user: text.optional() };

async function accountOf(change: Changing, instanceId: string, name: string) {
  const instance = await ownInstance(change.tx, change.caller.tenant, instanceId);
  return { instance, account: await findAccount(change.tx, instance.id, name) };
}

export const aclUse = changing({
  name: "acl use",
  access: "write",
  input: z.strictObject(user),
  async handle(change, p) {
    const acl = await theAcl(change, p);
    if (p.user === undefined) return associateAcl(change, change.caller.tenant, acl, p.instance);
    const { instance, account } = await accountOf(change, p.instance, p.user);
    return associateAccountAcl(change, acl, instance, account);
  },
});

export const aclUnuse = changing({
  name: "acl unuse",
  access: "write",
  input: z.strictObject(user),
  async handle(change, p) {
    const acl = await theAcl(change, p);
    if (p.user === undefined) return disassociateAcl(change, change.caller.tenant, acl, p.instance);
    const { account } = await accountOf(change, p.instance, p.user);
    return disassociateAccountAcl(change, acl, account);
  },
});

/** What a rule must say of a port: 1 to 65535. */
const portNumber = z.int().min(1).max(65_535);
const protocols = ["tcp", "udp", "icmp", "gre"] as const;

export const aclExplain = reading({
  name: "acl explain",
  access: "read",
  input: z.strictObject({
    instance: instanceRef.optional(),
    user: z.string().max(64),
    to: text,
    /** A name from which the client has resolved the address. */
    name: text.optional(),
    protocol: z.preprocess(
      (value) => (typeof value === "string" ? value.toLowerCase() : value),
      z.enum(protocols).default("tcp"),
    ),
    sourcePort: portNumber.default(50_000),
  }),
  async read(at, p) {
    const { id } = await theInstance(at, p.instance);
    const account = await findAccount(at.db, id, p.user);
    const ports = p.protocol === "tcp" || p.protocol === "udp";
    const { remote, port } = targetOf(p.to, ports);
    return explain(at.db, at.context.accessPoints, account, {
      protocol: p.protocol,
      remote,
      names: p.name === undefined ? [] : [p.name.toLowerCase().replace(/\.$/, "")],
      remotePort: port,
      clientPort: ports ? p.sourcePort : 0,
    });
  },
});

/** Parses ADDRESS:PORT, or an address alone for protocols without ports. */
function targetOf(text: string, ports: boolean) {
  const [, v6, v4, number] = /^(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const remote = parseIp(v6 ?? v4 ?? text);
  const port = Number(number ?? 0);
  if (!remote || (ports ? port < 1 || port > 65_535 : number !== undefined)) {
    throw invalid("to", say("input_form", { field: "to", form: ports ? "ADDRESS:PORT" : "ADDRESS" }));
  }
  return { remote, port };
}

export const aclCommands: readonly AnyCommand[] = [
  aclCreate,
  aclList,
  aclShow,
  aclRules,
  aclRename,
  aclDelete,
  aclAdd,
  aclSet,
  aclRemove,
  aclUse,
  aclUnuse,
  aclExplain,
];
