import type { AnyCommand } from "../command.ts";
import { accessPointCommands } from "./access-points.ts";
import { accountCommands } from "./accounts.ts";
import { aclCommands } from "./acls.ts";
import { ccnCommands } from "./ccns.ts";
import { cenCommands } from "./cens.ts";
import { codeCommands } from "./codes.ts";
import { dnsCommands } from "./dns.ts";
import { flowLogCommands } from "./flow-logs.ts";
import { instanceReads } from "./instance-reads.ts";
import { instanceCommands } from "./instances.ts";
import { networkCommands } from "./networks.ts";
import { onlineCommands } from "./online.ts";
import { operatingCommands } from "./operating.ts";
import { qosCommands } from "./qos.ts";
import { qosRuleCommands } from "./qos-rules.ts";
import { resourceCommands } from "./resources.ts";
import { tenantCommands } from "./tenants.ts";

const all: readonly AnyCommand[] = [
  ...instanceCommands,
  ...instanceReads,
  ...accountCommands,
  ...onlineCommands,
  ...dnsCommands,
  ...resourceCommands,
  ...ccnCommands,
  ...cenCommands,
  ...networkCommands,
  ...accessPointCommands,
  ...aclCommands,
  ...qosCommands,
  ...qosRuleCommands,
  ...flowLogCommands,
  ...codeCommands,
  ...tenantCommands,
  ...operatingCommands,
];

/** All commands by name. */
export const commands: ReadonlyMap<string, AnyCommand> = new Map(all.map((command) => [command.name, command]));
