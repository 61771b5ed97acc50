import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ClassCounters as ClassCountersMessage,
  InstanceSchema,
  Rule_Direction,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import type { ClassCounters } from "../../domain/qos/class-counters.ts";
import type { InstanceLimits } from "../../store/shared/instance-limits.ts";
import type { DesiredPeer, PeerTable } from "../../store/shared/peer-table.ts";
import { protocols } from "./protocols.ts";

type InstanceMessage = MessageInitShape<typeof InstanceSchema>;

/** The instances of peers as messages. Each is converted once, however many peers it has. */
export class Instances {
  readonly #peers: PeerTable;
  readonly #converted = new Map<string, { message: InstanceMessage; bytes: number }>();

  constructor(peers: PeerTable) {
    this.#peers = peers;
  }

  of(peers: readonly DesiredPeer[]): InstanceMessage[] {
    return [...new Set(peers.map((peer) => peer.instanceId))].map((id) => this.#convert(id).message);
  }

  /** Size within another message. */
  bytesOf(id: string): number {
    return this.#convert(id).bytes;
  }

  #convert(id: string): { message: InstanceMessage; bytes: number } {
    const known = this.#converted.get(id);
    if (known) return known;
    const message = instanceMessage(id, this.#peers.limits(id));
    const converted = { message, bytes: 8 + toBinary(InstanceSchema, create(InstanceSchema, message)).length };
    this.#converted.set(id, converted);
    return converted;
  }
}

function instanceMessage(id: string, limits: InstanceLimits | undefined): InstanceMessage {
  const classes = (limits?.classes ?? []).map(({ id, rate, ceiling, policies }) => ({
    id,
    rate: BigInt(rate),
    ceiling: BigInt(ceiling),
    policies: policies.map(({ protocol, source, destination, sourcePorts, destinationPorts }) => ({
      protocol: protocols[protocol],
      source,
      destination,
      ...(sourcePorts && { sourcePorts }),
      ...(destinationPorts && { destinationPorts }),
    })),
  }));
  return { id, bandwidth: BigInt(limits?.bandwidth ?? 0), classes };
}

export const classCounters = (c: ClassCountersMessage): ClassCounters => ({
  instanceId: c.instanceId,
  classId: c.classId,
  direction: c.direction === Rule_Direction.TO_CLIENT ? "down" : "up",
  packets: Number(c.packets),
  bytes: Number(c.bytes),
  droppedFull: Number(c.droppedFull),
  droppedMemory: Number(c.droppedMemory),
  droppedDelay: Number(c.droppedDelay),
});
