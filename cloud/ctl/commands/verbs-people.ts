import { ctlTexts } from "../../../common/text/ctl.ts";
import type { aclExplain, aclList, aclRules } from "../../admin/commands/acls.ts";
import type { codeList } from "../../admin/commands/codes.ts";
import type { AclRuleView } from "../../domain/acl/listing.ts";
import { defaultRegion } from "../../domain/areas/regions.ts";
import { wholeNumber } from "../arguments.ts";
import { ports } from "../output.ts";
import { region, type Verb } from "./verb.ts";
import type { Answered, One } from "./views.ts";

const { output } = ctlTexts;
const { columns } = output;

const rule = (view: AclRuleView) => ({
  [columns.id]: view.id,
  [columns.priority]: view.priority,
  [columns.direction]: view.direction,
  [columns.policy]: view.policy,
  [columns.protocol]: view.protocol,
  [columns.source]: view.sourceCidr,
  [columns.sourcePorts]: ports(view.sourcePorts),
  [columns.destination]: view.destCidr,
  [columns.destinationPorts]: ports(view.destPorts),
});

/** The policy is the first line already. */
const withoutPolicy = ({ [columns.policy]: _, ...others }: ReturnType<typeof rule>) => others;

const code = (view: One<typeof codeList>) => ({ [columns.code]: view.code, [columns.default]: view.isDefault });

/** Refers to an instance, and to its region if one is given. */
const inRegion = (id: unknown, region: unknown) => (region === undefined ? id : { id, region });

/** Verbs for ACLs, enterprise codes and roaming. */
export const peopleVerbs: readonly Verb[] = [
  {
    usage: "acl create <name>",
    options: region,
    fixed: { region: defaultRegion, type: "acl-software" },
  },
  {
    usage: "acl list",
    options: region,
    list: "rows",
    row: (view: One<typeof aclList>) => ({
      [columns.id]: view.id,
      [columns.name]: view.name,
      [columns.type]: view.type,
      [columns.region]: view.region,
      [columns.instances]: view.instances,
      [columns.accounts]: view.accounts,
    }),
  },
  {
    usage: "acl rules <acl>",
    options: region,
    list: "rows",
    row: (view: One<typeof aclRules>) => ({
      ...rule(view),
      [columns.packets]: view.packets,
      [columns.bytes]: output.bytes(view.bytes),
    }),
  },
  {
    usage: "acl add <acl>",
    options: {
      "--direction <in|out>": ["direction"],
      "--policy <accept|drop>": ["policy"],
      "--protocol <name>": ["protocol"],
      "--source <prefix>": ["sourceCidr"],
      "--dest <prefix>": ["destCidr"],
      "--source-ports <range>": ["sourcePorts"],
      "--dest-ports <range>": ["destPorts"],
      "--priority <n>": ["priority", wholeNumber],
      ...region,
    },
    // Required, because a rule with only default values would otherwise drop all traffic.
    required: ["--policy <accept|drop>"],
    fixed: {
      direction: "out",
      protocol: "ALL",
      sourceCidr: "0.0.0.0/0",
      destCidr: "0.0.0.0/0",
      sourcePorts: "-1/-1",
      destPorts: "-1/-1",
    },
    input: ({ acl, region, ...rule }) => ({ acl, region, rule }),
    row: rule,
  },
  { usage: "acl remove <acl> <id>", options: region },
  { usage: "acl delete <acl>", options: region },
  { usage: "acl use <acl> <instance>", options: { "--account <user>": ["user"], ...region } },
  { usage: "acl unuse <acl> <instance>", options: { "--account <user>": ["user"], ...region } },
  {
    usage: "acl explain",
    options: {
      "--account <user>": ["user"],
      "--to <address:port>": ["to"],
      "--name <name>": ["name"],
      "--protocol <name>": ["protocol"],
      "--source-port <n>": ["sourcePort", wholeNumber],
      "--instance <instance>": ["instance"],
    },
    required: ["--account <user>", "--to <address:port>"],
    row: (view: Answered<typeof aclExplain>) => ({
      [columns.policy]: view.policy,
      [columns.reason]: ctlTexts.output.aclReasons[view.reason],
      ...(view.rule && view.list
        ? { [columns.list]: view.list.name, [columns.listId]: view.list.id, ...withoutPolicy(rule(view.rule)) }
        : {}),
    }),
  },
  { usage: "code create <code>", row: code },
  { usage: "code list", list: "rows", row: code },
  { usage: "code default <code>", fixed: { isDefault: true } },
  { usage: "code delete <code>" },
  { usage: "code use <code> <instanceId>", options: region },
  {
    usage: "account roam <user> <instance> <target>",
    options: { "--from-region <id>": ["from"], "--to-region <id>": ["to"] },
    input: ({ user, instance, target, from, to }) => ({
      user,
      instance: inRegion(instance, from),
      target: inRegion(target, to),
    }),
  },
];
