import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AccessPointService,
  type DropCounters,
  DropCounters_Reason,
  ForwardingMode,
  PeerSchema,
  type RegisterRequest,
  Rule_Action,
  Rule_Direction,
  type RuleCounters,
  RuleListSchema,
  type RuleSchema,
  type WatchRequest,
  type WatchResponseSchema,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import { Transport } from "#proto/client/v1/session_pb.js";
import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { account } from "../../domain/accesspoints/accounting.ts";
import type { DropReason, Drops, Packets } from "../../domain/accesspoints/decided.ts";
import { confirmRemovals } from "../../domain/accesspoints/delivery.ts";
import {
  type AccessPointDescription,
  authenticateAccessPoint,
  describeAccessPoint,
  registerAccessPoint,
} from "../../domain/accesspoints/register.ts";
import type { AccessPointState } from "../../domain/accesspoints/registry.ts";
import { peerStream, type StreamItem } from "../../domain/accesspoints/stream.ts";
import { asOne } from "../../domain/acl/effective.ts";
import type { Context } from "../../domain/context.ts";
import { noteClassCounters } from "../../domain/qos/counters.ts";
import { probeAddress } from "../../domain/sessions/addresses.ts";
import type { AccessRule } from "../../store/shared/access-rule.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import { hello } from "../hello.ts";
import { bearer, tokenOwner } from "../http/caller.ts";
import { toDuration } from "../http/duration.ts";
import { flowLogCounters, flowLogsOf } from "./flow-logs.ts";
import { classCounters, Instances } from "./instances.ts";
import { protocols } from "./protocols.ts";

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
      noteClassCounters(context, state, request.bootId, request.classes.map(classCounters));
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
          handshakeAgeMs: c.handshakeAge && durationMs(c.handshakeAge),
        })),
      );
      state.flowLogs = flowLogCounters(request.flowLogs);
      context.decided.report(state.id, request.bootId, ruleCounts(request.rules), dropCounts(request.drops));
      return {};
    },
  };
}

const packetsOf = ({ packets, bytes }: { packets: bigint; bytes: bigint }): Packets => ({
  packets: Number(packets),
  bytes: Number(bytes),
});

/** Ids as of our rules only, because they are labels of metrics. */
const ruleCounts = (counters: readonly RuleCounters[]) =>
  new Map(
    counters
      .filter(({ ruleId }) => /^[\w-]+$/.test(ruleId))
      .map((counter) => [counter.ruleId, packetsOf(counter)] as const),
  );

const dropReasons: Partial<Record<DropCounters_Reason, DropReason>> = {
  [DropCounters_Reason.ACCESS_LIST]: "access_list",
  [DropCounters_Reason.UNCLEAR]: "unclear",
  [DropCounters_Reason.DESTINATION]: "destination",
};

/** Reasons of a later version are left out. */
const dropCounts = (counters: readonly DropCounters[]): Drops =>
  Object.fromEntries(
    counters.flatMap((counter) => {
      const reason = dropReasons[counter.reason];
      return reason ? [[reason, packetsOf(counter)]] : [];
    }),
  );

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
    sharedAccessLists: hello?.capabilities.includes("shared_access_lists") ?? false,
    accessListNames: hello?.capabilities.includes("access_list_names") ?? false,
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
  const peers = item.kind === "snapshot" ? item.peers : item.upsert;
  const all = new Lists(state, state.sharedAccessLists ? peers : []);
  const message = (peer: DesiredPeer) => peerMessage(context, state, peer);
  const instances = new Instances(context.peers);
  if (item.kind === "delta") {
    const upsert = item.upsert.map(message);
    const more = { flowLogs: flowLogsOf(item.upsert), instances: instances.of(item.upsert), ruleLists: all.of(upsert) };
    yield { ...head, change: { case: "delta", value: { settings, upsert, remove: item.remove, ...more } } };
    return;
  }
  const parts = split(item.peers, message, all, instances);
  for (const [index, { peers, desired }] of parts.entries()) {
    const last = index === parts.length - 1;
    const more = { flowLogs: flowLogsOf(desired), instances: instances.of(desired), ruleLists: all.of(peers) };
    yield { ...head, change: { case: "snapshot", value: { hello: hello(), settings, peers, last, ...more } } };
  }
}

type PeerMessage = MessageInitShape<typeof PeerSchema>;
type ListMessage = MessageInitShape<typeof RuleListSchema>;

/** The access lists of peers as messages, each with its size in bytes. */
class Lists {
  readonly #all = new Map<string, { list: ListMessage; bytes: number }>();

  constructor(state: AccessPointState, peers: readonly DesiredPeer[]) {
    for (const { id, rules } of peers.flatMap((peer) => peer.lists)) {
      if (this.#all.has(id)) continue;
      const list = { id, rules: rulesFor(state, rules) };
      this.#all.set(id, { list, bytes: toBinary(RuleListSchema, create(RuleListSchema, list)).length + 8 });
    }
  }

  #found(ids: Iterable<string>) {
    return [...new Set(ids)].flatMap((id) => this.#all.get(id) ?? []);
  }

  /** The lists that the peers name, each once. */
  of(peers: readonly PeerMessage[]): ListMessage[] {
    return this.#found(peers.flatMap((peer) => peer.ruleListIds ?? [])).map(({ list }) => list);
  }

  /** Bytes of those lists that are not `there` yet. */
  bytesOf(ids: readonly string[], there: ReadonlySet<string>): number {
    return this.#found(ids.filter((id) => !there.has(id))).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

function peerMessage(context: Context, state: AccessPointState, peer: DesiredPeer): PeerMessage {
  return {
    sessionId: peer.sessionId,
    publicKey: peer.publicKey,
    presharedKey: peer.keys.get(state.id) ?? new Uint8Array(),
    addresses: peer.addresses,
    destinations: peer.destinations,
    resolvers: [...peer.resolvers],
    ...accessListsOf(state, peer),
    bandwidth: BigInt(peer.bandwidth),
    sharedRateId: peer.accountId,
    instanceId: peer.instanceId,
    flowLogId: peer.flowLog?.id ?? "",
    lease: toDuration(Math.max(1, peer.leaseUntil - context.clock.now())),
    incarnation: peer.incarnation,
  };
}

/** The access lists: by id, or as one for earlier access points. */
function accessListsOf(state: AccessPointState, { lists }: DesiredPeer): Pick<PeerMessage, "ruleListIds" | "rules"> {
  if (state.sharedAccessLists) return { ruleListIds: lists.map(({ id }) => id) };
  return { rules: state.accessLists ? rulesFor(state, asOne(lists.map(({ rules }) => rules))) : [] };
}

const directions = { out: Rule_Direction.FROM_CLIENT, in: Rule_Direction.TO_CLIENT };

type RuleMessage = MessageInitShape<typeof RuleSchema>;

/** Rules as an access point can enforce them. A rule with a name is two, one for each address family. */
function rulesFor(state: AccessPointState, rules: readonly AccessRule[]): RuleMessage[] {
  return rules.flatMap((rule) => {
    if (rule.remoteName === "") return [ruleMessage(rule)];
    return state.accessListNames ? ["0.0.0.0/0", "::/0"].map((prefix) => ruleMessage(rule, prefix)) : [];
  });
}

function ruleMessage(rule: AccessRule, prefix = rule.remotePrefix): RuleMessage {
  const { id, priority, remoteName: name, clientPrefix, remotePorts, clientPorts } = rule;
  return {
    ...{ id, priority, prefix, name, clientPrefix },
    direction: directions[rule.direction],
    protocol: protocols[rule.protocol],
    action: rule.allow ? Rule_Action.ALLOW : Rule_Action.DENY,
    ports: remotePorts ? [remotePorts] : [],
    clientPorts: clientPorts ? [clientPorts] : [],
  };
}

/** The most that a flow log adds to a part, bytes. */
const flowLogBytes = 350;

/** Splits a snapshot into parts that leave room for what their peers refer to. */
function split(
  all: readonly DesiredPeer[],
  message: (peer: DesiredPeer) => PeerMessage,
  lists: Lists,
  instances: Instances,
) {
  const parts: { peers: PeerMessage[]; desired: DesiredPeer[] }[] = [{ peers: [], desired: [] }];
  let bytes = 0;
  const there = new Set<string>();
  for (const desired of all) {
    const peer = message(desired);
    const own = toBinary(PeerSchema, create(PeerSchema, peer)).length + 8 + (desired.flowLog ? flowLogBytes : 0);
    const ids = peer.ruleListIds ?? [];
    const { instanceId } = desired;
    const sizeOf = () => own + lists.bytesOf(ids, there) + (there.has(instanceId) ? 0 : instances.bytesOf(instanceId));
    if (bytes + sizeOf() > partBytes && bytes > 0) {
      parts.push({ peers: [], desired: [] });
      bytes = 0;
      there.clear();
    }
    bytes += sizeOf();
    for (const id of [...ids, instanceId]) there.add(id);
    parts.at(-1)?.peers.push(peer);
    parts.at(-1)?.desired.push(desired);
  }
  return parts;
}
