import { randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ClassCountersSchema,
  type DropCountersSchema,
  type FlowLogCountersSchema,
  ForwardingMode,
  type Instance,
  type Peer,
  type RuleCountersSchema,
  type RuleList,
  type WatchResponse,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import { Transport } from "#proto/client/v1/session_pb.js";
import type { Ask } from "../ctl/connection.ts";
import { clientsOf } from "./server.ts";

export const hello = { version: "0.1.0", capabilities: [] };
/** What an access point of this version can do. */
const capabilities = ["access_lists", "shared_access_lists", "access_list_names"];

/** A peer with the rules of the lists that it names, which must be in the same message. */
function withRules(peer: Peer, lists: readonly RuleList[]): Peer {
  for (const id of peer.ruleListIds) {
    const list = lists.find((one) => one.id === id);
    if (!list) throw new Error(`a peer names the access list ${id}, which is not in the message`);
    peer.rules.push(...list.rules);
  }
  return peer;
}

type RuleCount = MessageInitShape<typeof RuleCountersSchema>;
type DropCount = MessageInitShape<typeof DropCountersSchema>;

/** An access point for tests; it only keeps the list of peers. */
export interface TestAccessPoint {
  id: string;
  identity: string;
  bootId: string;
  peers: Map<string, Peer>;
  /** Limits of instances. */
  instances: Map<string, Instance>;
  messages: WatchResponse[];
  probeAddress: string;
  /** Whether it acknowledges what it receives. */
  acknowledges: boolean;
  /** Opens the stream; resolves when the first snapshot was applied. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  acknowledge(): Promise<void>;
  /** `handshakeAge`: s since the last handshake; default: there was none. */
  report(sessionId: string, rxBytes: bigint, txBytes: bigint, handshakeAge?: number): Promise<void>;
  reportFlowLogs(flowLogs: MessageInitShape<typeof FlowLogCountersSchema>[]): Promise<void>;
  /** Reports what rules have decided, and drops. */
  reportDecided(rules: RuleCount[], drops?: DropCount[]): Promise<void>;
  reportClasses(classes: MessageInitShape<typeof ClassCountersSchema>[]): Promise<void>;
}

export async function registerAccessPoint(
  url: string,
  ask: Ask,
  name: string,
  port = 51820,
  can = capabilities,
): Promise<TestAccessPoint> {
  const made = (await ask("access-point token create", { uses: 1, lifetimeSeconds: 60 })) as { token: string };
  const bootId = randomBytes(16).toString("hex");
  const description = {
    name,
    publicKey: new Uint8Array(randomBytes(32)),
    endpoints: [{ transport: Transport.UDP, host: "127.0.0.1", port }],
    mode: ForwardingMode.USERSPACE,
    region: "",
    bootId,
  };
  const registered = await clientsOf(url).accessPoint.register({ hello, token: made.token, description });
  const { accessPoint: api } = clientsOf(url, registered.identity);
  let abort = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  let last = { epoch: 0n, revision: 0n };

  const self: TestAccessPoint = {
    id: registered.accessPointId,
    identity: registered.identity,
    bootId,
    peers: new Map(),
    instances: new Map(),
    messages: [],
    probeAddress: "",
    acknowledges: true,
    async connect() {
      abort = new AbortController();
      const stream = api.watch({ hello: { ...hello, capabilities: can }, description }, { signal: abort.signal });
      const first = Promise.withResolvers<void>();
      ended = (async () => {
        try {
          for await (const message of stream) {
            self.messages.push(message);
            await apply(message);
            first.resolve();
          }
        } catch (error) {
          first.reject(error);
        }
      })();
      await first.promise;
    },
    async disconnect() {
      abort.abort();
      await ended;
    },
    async acknowledge() {
      await api.acknowledge({ ...last, bootId });
    },
    async report(sessionId, rxBytes, txBytes, age) {
      const handshakeAge = age === undefined ? {} : { handshakeAge: { seconds: BigInt(age), nanos: 0 } };
      const counters = { sessionId, rxBytes, txBytes, generation: 1n, active: true, ...handshakeAge };
      await api.report({ bootId, counters: [counters] });
    },
    async reportFlowLogs(flowLogs) {
      await api.report({ bootId, flowLogs });
    },
    async reportDecided(rules, drops = []) {
      await api.report({ bootId, rules, drops });
    },
    async reportClasses(classes) {
      await api.report({ bootId, classes });
    },
  };

  async function apply({ epoch, revision, change }: WatchResponse): Promise<void> {
    last = { epoch, revision };
    if (change.case === "snapshot" || change.case === "delta") {
      for (const instance of change.value.instances) self.instances.set(instance.id, instance);
    }
    if (change.case === "snapshot") {
      self.peers = new Map(change.value.peers.map((peer) => [peer.sessionId, withRules(peer, change.value.ruleLists)]));
      self.probeAddress = change.value.settings?.probeAddress ?? "";
    } else if (change.case === "delta") {
      for (const id of change.value.remove) self.peers.delete(id);
      for (const peer of change.value.upsert) self.peers.set(peer.sessionId, withRules(peer, change.value.ruleLists));
    } else {
      return;
    }
    if (self.acknowledges) await self.acknowledge();
  }
  return self;
}
