import type { P } from "../../../types.ts";

/** Rules of QoS policies and flow logs. */
export const trafficRules = {
  "no-qos": ({ qos }: P<"qos">) => `The specified QoS policy ${qos} does not exist.`,
  "qos-elsewhere": (p: P<"qos" | "region" | "wanted">) => `${p.qos} is in ${p.region}, not in ${p.wanted}.`,
  "no-qos-car": ({ id }: P<"id">) => `The specified throttling rule ${id} does not exist.`,
  "no-qos-policy": ({ id }: P<"id">) => `The specified classification rule ${id} does not exist.`,
  "qos-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} QoS policies.`,
  "qos-car-limit": ({ limit }: P<"limit">) => `A QoS policy has at most ${limit} throttling rules.`,
  "qos-policy-limit": ({ limit, priority }: P<"limit" | "priority">) =>
    `A QoS policy has at most ${limit} classification rules of priority ${priority}.`,
  "qos-in-use": ({ qos, instance }: P<"instance" | "qos">) => `${qos} is in use by ${instance}.`,
  "qos-region": ({ qos, region, instance }: P<"instance" | "qos" | "region">) =>
    `${qos} is in ${region}, the instance in ${instance}.`,
  "qos-associated": ({ instance, qos }: P<"instance" | "qos">) => `${instance} has the QoS policy ${qos} already.`,
  "qos-per-instance": ({ instance, qos }: P<"instance" | "qos">) => `${instance} has the QoS policy ${qos} already.`,
  "qos-not-associated": ({ qos, instance }: P<"instance" | "qos">) => `${qos} is not in use by ${instance}.`,
  "car-min-abs-missing": "A rule of the type Absolute needs the minimum bandwidth in Mbit/s.",
  "car-max-abs-missing": "A rule of the type Absolute needs the maximum bandwidth in Mbit/s.",
  "car-min-percent-missing": "A rule of the type Percent needs the minimum percentage.",
  "car-max-percent-missing": "A rule of the type Percent needs the maximum percentage.",
  "car-abs-range": ({ min, max }: P<"max" | "min">) =>
    `The maximum bandwidth of ${max} Mbit/s is less than the minimum of ${min}.`,
  "car-percent-range": ({ min, max }: P<"max" | "min">) =>
    `The maximum percentage of ${max} is less than the minimum of ${min}.`,
  "car-abs-excluded": "A rule of the type Percent has no bandwidth in Mbit/s.",
  "car-percent-excluded": "A rule of the type Absolute has no percentage.",
  "qos-source-cidr": ({ prefix }: P<"prefix">) =>
    prefix
      ? `The source has host bits set; the prefix is ${prefix}.`
      : "The source must be a prefix such as 10.0.0.0/8.",
  "qos-dest-cidr": ({ prefix }: P<"prefix">) =>
    prefix
      ? `The destination has host bits set; the prefix is ${prefix}.`
      : "The destination must be a prefix such as 10.0.0.0/8.",
  "qos-source-ports": "The source ports are a range in 1-65535 such as 80/80, or -1/-1 for all.",
  "qos-dest-ports": "The destination ports are a range in 1-65535 such as 80/80, or -1/-1 for all.",
  "qos-source-ports-protocol": ({ protocol }: P<"protocol">) =>
    `The source ports must be -1/-1 for the protocol ${protocol}.`,
  "qos-dest-ports-protocol": ({ protocol }: P<"protocol">) =>
    `The destination ports must be -1/-1 for the protocol ${protocol}.`,
  "qos-start-time": "The start must be a time such as 2026-07-14T16:41:33+0800.",
  "qos-end-time": "The end must be a time such as 2026-07-14T16:41:33+0800.",
  "qos-times": "The end must be later than the start.",
  "no-flow-log": ({ id }: P<"id">) => `The specified flow log ${id} does not exist.`,
  "flow-log-elsewhere": (p: P<"id" | "region" | "wanted">) => `${p.id} is in ${p.region}, not in ${p.wanted}.`,
  "flow-log-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} flow logs.`,
  "flow-log-in-use": ({ id, instance }: P<"id" | "instance">) => `${id} is in use by ${instance}.`,
  "flow-log-region": ({ id, region, instance }: P<"id" | "instance" | "region">) =>
    `${id} is in ${region}, the instance in ${instance}.`,
  "flow-log-per-instance": ({ instance, id }: P<"id" | "instance">) => `${instance} has the flow log ${id} already.`,
  "flow-log-not-associated": ({ id, instance }: P<"id" | "instance">) => `${id} is not in use by ${instance}.`,
  "flow-log-active": ({ id }: P<"id">) => `${id} is active already.`,
  "flow-log-inactive": ({ id }: P<"id">) => `${id} is inactive already.`,
  "netflow-server-missing": "The output types netflow and all need the collector's address.",
  "netflow-server": "The collector must be the IP address of a host.",
  "sls-region-missing": "The output types sls and all need the region of the log service.",
  "project-missing": "The output types sls and all need the name of a log project.",
  "logstore-missing": "The output types sls and all need the name of a logstore.",
};
