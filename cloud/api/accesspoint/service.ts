import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AccessPointService,
  ForwardingMode,
  PeerSchema,
  type RegisterRequest,
  Rule_Action,
  Rule_Direction,
  Rule_Protocol,
  type RuleSchema,
  type WatchRequest,
  type WatchResponseSchema,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import { Transport } from "#proto/client/v1/session_pb.js";
import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { account } from "../../domain/accesspoints/accounting.ts";
import { confirmRemovals } from "../../domain/accesspoints/delivery.ts";
import {
  type AccessPointDescription,
  authenticateAccessPoint,
  describeAccessPoint,
  registerAccessPoint,
} from "../../domain/accesspoints/register.ts";
import type { AccessPointState } from "../../domain/accesspoints/registry.ts";
import { peerStream, type StreamItem } from "../../domain/accesspoints/stream.ts";
import type { Context } from "../../domain/context.ts";
import { probeAddress } from "../../domain/sessions/addresses.ts";
import type { AccessRule } from "../../store/shared/access-rule.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import { hello } from "../hello.ts";
import { bearer, tokenOwner } from "../http/caller.ts";
import { toDuration } from "../http/duration.ts";
import { flowLogCounters, flowLogsOf } from "./flow-logs.ts";

/** Maximum bytes of peers in one part of a snapshot; a message is limited to 256 KiB. */
const partBytes = 192 * 1024;

type WatchMessage = MessageInitShape<typeof WatchResponseSchema>;

export function accessPointService(context: Context): ServiceImpl<typeof AccessPointService> {
  const caller = async (call: HandlerContext) => {
    const state = await authenticateAccessPoint(context, bearer(call, "bad_credentials"));
    call.values.set(tokenOwner, state.id);
    return state;
  };

  return {
    async register(request) {
      const { id, identity } = await registerAccessPoint(context, request.token, described(request));
      return { hello: hello(), accessPointId: id, identity: identity.reveal() };
    },

    async *watch(request, call) {
      const state = await caller(call);
      await describeAccessPoint(context, state, described(request));
      const start = { epoch: Number(request.epoch), revision: Number(request.revision) };
      for await (const item of peerStream(context, state, start, call.signal)) {
        yield* messagesOf(context, state, item);
      }
    },

    async acknowledge(request, call) {
      const state = await caller(call);
      for (const { sessionId, failure } of request.refused) {
        context.log("warn", "an access point refused a peer", {
          session: sessionId,
          accessPoint: state.id,
          text: failure?.text,
        });
      }
      // An acknowledgement for another epoch or from an earlier process of the access point does not apply to its current peers.
      if (Number(request.epoch) !== context.peers.epoch || request.bootId !== state.bootId) return {};
      const revision = Math.min(Number(request.revision), context.peers.revision);
      context.accessPoints.acknowledge(state.id, revision);
      // Let the Dial that waits for this acknowledgement answer first: recording the removals waits for the disk.
      await new Promise((resolve) => setImmediate(resolve));
      await confirmRemovals(context, state, revision);
      return {};
    },

    async report(request, call) {
      const state = await caller(call);
      await account(
        context,
        state,
        request.bootId,
        request.counters.map((c) => ({
          sessionId: c.sessionId,
          rxBytes: Number(c.rxBytes),
          txBytes: Number(c.txBytes),
          generation: c.generation,
          active: c.active,
        })),
      );
      state.flowLogs = flowLogCounters(request.flowLogs);
      return {};
    },
  };
}

function described({ hello, description }: Partial<RegisterRequest | WatchRequest>): AccessPointDescription {
  if (!description) throw new Refusal("invalid_argument", say("description_missing"), { field: "description" });
  const modes: Record<number, string> = { [ForwardingMode.ROUTED]: "routed", [ForwardingMode.NAT]: "nat" };
  return {
    name: description.name,
    publicKey: description.publicKey,
    endpoints: description.endpoints.map((e) => ({
      transport: e.transport === Transport.TLS ? "tls" : "udp",
      host: e.host,
      port: e.port,
      pins: e.spkiPins.map((pin) => Buffer.from(pin).toString("base64url")),
    })),
    mode: modes[description.mode] ?? "userspace",
    region: description.region,
    bootId: description.bootId,
    accessLists: hello?.capabilities.includes("access_lists") ?? false,
  };
}

/** Converts an item to one message, or to several if a snapshot exceeds the limit of one. */
function* messagesOf(context: Context, state: AccessPointState, item: StreamItem): Generator<WatchMessage> {
  const head = { epoch: BigInt(context.peers.epoch), revision: BigInt(item.revision) };
  if (item.kind === "heartbeat") {
    yield { ...head, change: { case: "heartbeat", value: {} } };
    return;
  }
  const settings = { probeAddress: probeAddress(context.ula, state.number) };
  const message = (peer: DesiredPeer) => peerMessage(context, state, peer);
  if (item.kind === "delta") {
    const upsert = item.upsert.map(message);
    const flowLogs = flowLogsOf(item.upsert);
    yield { ...head, change: { case: "delta", value: { settings, upsert, remove: item.remove, flowLogs } } };
    return;
  }
  const parts = split(item.peers, message);
  for (const [index, { peers, desired }] of parts.entries()) {
    const last = index === parts.length - 1;
    const flowLogs = flowLogsOf(desired);
    yield { ...head, change: { case: "snapshot", value: { hello: hello(), settings, peers, last, flowLogs } } };
  }
}

type PeerMessage = MessageInitShape<typeof PeerSchema>;

function peerMessage(context: Context, state: AccessPointState, peer: DesiredPeer): PeerMessage {
  return {
    sessionId: peer.sessionId,
    publicKey: peer.publicKey,
    presharedKey: peer.keys.get(state.id) ?? new Uint8Array(),
    addresses: peer.addresses,
    destinations: peer.destinations,
    rules: state.accessLists ? peer.rules.map(ruleMessage) : [],
    bandwidth: BigInt(peer.bandwidth),
    sharedRateId: peer.accountId,
    instanceId: peer.instanceId,
    flowLogId: peer.flowLog?.id ?? "",
    lease: toDuration(Math.max(1, peer.leaseUntil - context.clock.now())),
    incarnation: peer.incarnation,
  };
}

const directions = { out: Rule_Direction.FROM_CLIENT, in: Rule_Direction.TO_CLIENT };
const protocols = {
  any: Rule_Protocol.UNSPECIFIED,
  tcp: Rule_Protocol.TCP,
  udp: Rule_Protocol.UDP,
  icmp: Rule_Protocol.ICMP,
  gre: Rule_Protocol.GRE,
};

function ruleMessage(rule: AccessRule): MessageInitShape<typeof RuleSchema> {
  const { id, priority, remotePrefix: prefix, clientPrefix, remotePorts, clientPorts } = rule;
  return {
    ...{ id, priority, prefix, clientPrefix },
    direction: directions[rule.direction],
    protocol: protocols[rule.protocol],
    action: rule.allow ? Rule_Action.ALLOW : Rule_Action.DENY,
    ports: remotePorts ? [remotePorts] : [],
    clientPorts: clientPorts ? [clientPorts] : [],
  };
}

/** The most that a flow log adds to a part, bytes. */
const flowLogBytes = 350;

function split(all: readonly DesiredPeer[], message: (peer: DesiredPeer) => PeerMessage) {
  const parts: { peers: PeerMessage[]; desired: DesiredPeer[] }[] = [{ peers: [], desired: [] }];
  let bytes = 0;
  for (const desired of all) {
    const peer = message(desired);
    const size = toBinary(PeerSchema, create(PeerSchema, peer)).length + 8 + (desired.flowLog ? flowLogBytes : 0);
    if (bytes + size > partBytes && bytes > 0) {
      parts.push({ peers: [], desired: [] });
      bytes = 0;
    }
    parts.at(-1)?.peers.push(peer);
    parts.at(-1)?.desired.push(desired);
    bytes += size;
  }
  return parts;
}
