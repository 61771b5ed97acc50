import { Rule_Protocol } from "#proto/accesspoint/v1/accesspoint_pb.js";

/** Protocols of rules and of policies in the contract. */
export const protocols = {
  any: Rule_Protocol.UNSPECIFIED,
  tcp: Rule_Protocol.TCP,
  udp: Rule_Protocol.UDP,
  icmp: Rule_Protocol.ICMP,
  gre: Rule_Protocol.GRE,
};
