import { dnsSet, dnsShow } from "../../../../admin/commands/dns.ts";
import { say } from "../../../../base/say.ts";
import { maxDnsServers } from "../../../../domain/limits/instance.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { inRegion, list, required, sagId, text } from "./common.ts";

const mapped = mapping("smartag", "dns");

const servers = list(text({ max: 64, rule: say("form_ip") }), maxDnsServers);
const one = { RegionId: inRegion, SmartAGId: required(sagId) };
const named = (v: { SmartAGId: string; RegionId: string }) => ({ instance: { id: v.SmartAGId, region: v.RegionId } });

export const dnsOperations: Operation[] = [
  mapped("ModifyClientUserDNS", {
    command: dnsSet,
    parameters: { ...one, AppDNS: servers, RecoveredDNS: servers },
    input: (v) => ({ ...named(v), servers: v.AppDNS ?? [], recovered: v.RecoveredDNS ?? [] }),
  }),
  mapped("DescribeClientUserDNS", {
    command: dnsShow,
    parameters: one,
    input: named,
    answer: ({ servers, recovered }) => ({ AppDNS: servers, RecoveredDNS: recovered }),
  }),
];
