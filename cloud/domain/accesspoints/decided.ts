/** Packets and their inner bytes. */
export interface Packets {
  packets: number;
  bytes: number;
}

/** Why access points drop packets. */
export type DropReason = "access_list" | "unclear" | "destination";

export type Drops = Partial<Record<DropReason, Packets>>;

/** Counts of one access point, cumulative since its boot. */
interface Counted {
  bootId: string;
  rules: Map<string, Packets>;
  drops: Drops;
}

/** Maximum number of rules that are counted for one access point; it counts no more itself. */
const maxRules = 16_384;

/**
 * What the rules of access lists have decided, and why packets were dropped, as the access points report it. Kept in memory: after a
 * restart, access points send their counts again, and only those of their earlier boots are lost.
 */
export class DecidedPackets {
  readonly #now = new Map<string, Counted>();
  /** Counts of earlier boots, by rule. */
  readonly #earlier = new Map<string, Packets>();

  /** Takes a report: the rules whose counts have changed, and all drops. */
  report(accessPointId: string, bootId: string, rules: ReadonlyMap<string, Packets>, drops: Drops): void {
    let counted = this.#now.get(accessPointId);
    if (counted?.bootId !== bootId) {
      if (counted) this.#keep(counted);
      counted = { bootId, rules: new Map(), drops: {} };
      this.#now.set(accessPointId, counted);
    }
    for (const [id, packets] of rules) {
      if (counted.rules.has(id) || counted.rules.size < maxRules) counted.rules.set(id, packets);
    }
    counted.drops = drops;
  }

  #keep({ rules }: Counted): void {
    for (const [id, packets] of rules) {
      if (this.#earlier.has(id) || this.#earlier.size < maxRules)
        this.#earlier.set(id, sum(this.#earlier.get(id), packets));
    }
  }

  /** What a rule has decided at all access points. */
  ofRule(id: string): Packets {
    return [...this.#now.values()].reduce((all, { rules }) => sum(all, rules.get(id)), sum(this.#earlier.get(id)));
  }

  /** Drops of an access point since its boot. */
  dropsOf(accessPointId: string): Drops {
    return this.#now.get(accessPointId)?.drops ?? {};
  }

  /** The ids of all counted rules. */
  rules(): Set<string> {
    return new Set([...this.#earlier.keys(), ...[...this.#now.values()].flatMap(({ rules }) => [...rules.keys()])]);
  }
}

const sum = (a?: Packets, b?: Packets): Packets => ({
  packets: (a?.packets ?? 0) + (b?.packets ?? 0),
  bytes: (a?.bytes ?? 0) + (b?.bytes ?? 0),
});
