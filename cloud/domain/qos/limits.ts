import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Db, Store } from "../../store/db.ts";
import { instanceById } from "../../store/queries/instances.ts";
import type { InstanceLimits, TrafficClass, TrafficPolicy } from "../../store/shared/instance-limits.ts";
import type { PeerTable } from "../../store/shared/peer-table.ts";
import { transaction } from "../../store/transaction.ts";
import { portsOf, prefixOf, protocolOf } from "../acl/access-list.ts";
import { Wakeup } from "../sessions/wakeup.ts";
import { effectiveQos, type QosClass, type QosLimit } from "./effective.ts";
import type { QosPolicyView } from "./listing.ts";

/** Most rules of a class that access points accept. */
const mostPolicies = 128;
const mbit = 1_000_000;
const unlimited: InstanceLimits = { bandwidth: 0, classes: [] };

/** The limits of an instance at `now` (epoch ms), and when they change by themselves (epoch ms; null = never). */
async function limitsAt(
  db: Db,
  instanceId: string,
  now: number,
): Promise<{ limits: InstanceLimits; changesAt: number | null }> {
  const bandwidth = ((await instanceById(db, instanceId))?.bandwidth ?? 0) * mbit;
  const { classes, changesAt } = await effectiveQos(db, instanceId, now);
  return { limits: { bandwidth, classes: classes.map((each) => trafficClass(each, bandwidth)) }, changesAt };
}

/** `bandwidth` is the instance's, bit/s; 0 = no limit, of which no percentages can be had. */
function trafficClass({ id, limit, rules }: QosClass, bandwidth: number): TrafficClass {
  const bits = (value: number) => bitsOf(limit, value, bandwidth);
  const policies = rules.flatMap((rule) => trafficPolicy(rule) ?? []).slice(0, mostPolicies);
  return { id, rate: bits(limit.min), ceiling: bits(limit.max), policies };
}

const bitsOf = ({ type }: QosLimit, value: number, bandwidth: number): number =>
  type === "Percent" ? Math.floor((bandwidth * value) / 100) : value * mbit;

/** undefined = the rule matches nothing: applications are not recognized, and invalid prefixes cannot be added. */
function trafficPolicy(rule: QosPolicyView): TrafficPolicy | undefined {
  const [source, destination] = [prefixOf(rule.sourceCidr), prefixOf(rule.destCidr)];
  if (source === undefined || destination === undefined) return undefined;
  if (rule.dpiGroupIds.length + rule.dpiSignatureIds.length > 0) return undefined;
  const { protocol, port } = protocolOf(rule.protocol);
  const destinationPorts = portsOf(rule.destPorts) ?? port;
  return { protocol, source, destination, sourcePorts: portsOf(rule.sourcePorts), destinationPorts };
}

/** Keeps the limits of instances at access points up to date, also when classification rules begin and cease to apply. */
export class LimitsInForce {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #peers: PeerTable;
  readonly #times: Wakeup;
  /** When the limits of instances change by themselves, epoch ms. */
  readonly #changesAt = new Map<string, number>();
  /** One at a time, so that the latest read is the last one that is set. */
  #last: Promise<void> = Promise.resolve();

  constructor(store: Store, clock: Clock, log: Log, peers: PeerTable) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#peers = peers;
    this.#times = new Wakeup(
      clock,
      () => this.#timesCame(),
      (error) => log("error", "could not apply the times of QoS policies; retrying", { error: String(error) }),
    );
  }

  /** Does not wait for `refresh`; logs if it fails. */
  refreshLater(instanceId: string): void {
    this.refresh(instanceId).catch((error) =>
      this.#log("error", "could not read the bandwidth limits of an instance", {
        instance: instanceId,
        error: String(error),
      }),
    );
  }

  /** Reads the limits of an instance and sends them to access points if they have changed. */
  refresh(instanceId: string): Promise<void> {
    const refreshed = this.#last.then(() => this.#refresh(instanceId));
    this.#last = refreshed.catch(() => undefined);
    return refreshed;
  }

  async #refresh(instanceId: string): Promise<void> {
    const { limits, changesAt } = await transaction(this.#store, (tx) => limitsAt(tx, instanceId, this.#clock.now()));
    const former = this.#peers.limits(instanceId) ?? unlimited;
    if (JSON.stringify(limits) !== JSON.stringify(former)) {
      await this.#peers.setLimits(instanceId, limits);
    }
    if (changesAt === null) this.#changesAt.delete(instanceId);
    else {
      this.#changesAt.set(instanceId, changesAt);
      this.#times.by(changesAt);
    }
  }

  async #timesCame(): Promise<number | undefined> {
    const now = this.#clock.now();
    for (const [instanceId, at] of [...this.#changesAt]) if (at <= now) await this.refresh(instanceId);
    const next = [...this.#changesAt.values()];
    return next.length === 0 ? undefined : Math.min(...next);
  }

  async stop(): Promise<void> {
    await this.#times.stop();
    await this.#last;
  }
}
