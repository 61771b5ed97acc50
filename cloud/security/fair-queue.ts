/** The host and the account the work is for; both have a share. */
export interface Asker {
  /** Takes turns with the others; "" = the server's own work. */
  host: string;
  account: string;
}

export interface QueueRules {
  /** Carried out at a time. */
  concurrent: number;
  /** Waiting, of all together. */
  waiting: number;
  /** Waiting or carried out, of one account. */
  perAccount: number;
  /** Waiting or carried out, of one host. */
  perHost: number;
}

interface Entry {
  asker: Asker;
  start: () => void;
  refuse: () => void;
}

/** Work of which little can be done at a time: hosts take turns, and none of them fills the queue. */
export class FairQueue {
  readonly #rules: QueueRules;
  readonly #full: () => Error;
  #running = 0;
  /** By host, in the order of their next turns. */
  readonly #waiting = new Map<string, Entry[]>();
  readonly #counts = new Map<string, number>();

  /** `full`: makes the error for what is not taken. */
  constructor(rules: QueueRules, full: () => Error) {
    this.#rules = rules;
    this.#full = full;
  }

  async run<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    const keys = [`host ${asker.host}`, `account ${asker.account}`];
    const [ofHost = 0, ofAccount = 0] = keys.map((key) => this.#counts.get(key) ?? 0);
    if (asker.host !== "" && ofHost >= this.#rules.perHost) throw this.#full();
    if (asker.account !== "" && ofAccount >= this.#rules.perAccount) throw this.#full();
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    try {
      if (this.#running >= this.#rules.concurrent) await this.#wait(asker);
      else this.#running++;
      try {
        return await work();
      } finally {
        this.#next();
      }
    } finally {
      for (const key of keys) {
        const left = (this.#counts.get(key) ?? 0) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      }
    }
  }

  #wait(asker: Asker): Promise<void> {
    return new Promise((resolve, reject) => {
      const own = this.#waiting.get(asker.host) ?? [];
      if (this.#size() >= this.#rules.waiting && !this.#makeRoom(own.length)) {
        reject(this.#full());
        return;
      }
      own.push({ asker, start: resolve, refuse: () => reject(this.#full()) });
      this.#waiting.set(asker.host, own);
    });
  }

  #size(): number {
    let size = 0;
    for (const own of this.#waiting.values()) size += own.length;
    return size;
  }

  /** Refuses the latest of the host that has the most waiting, if that is more than the new one would have. */
  #makeRoom(own: number): boolean {
    let most: Entry[] = [];
    for (const entries of this.#waiting.values()) if (entries.length > most.length) most = entries;
    if (most.length <= own + 1) return false;
    most.pop()?.refuse();
    return true;
  }

  /** Hands the place on: the next host's first, which then waits behind the other hosts. */
  #next(): void {
    const [host, own] = this.#waiting.entries().next().value ?? [];
    if (host === undefined || own === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(host);
    const entry = own.shift();
    if (own.length > 0) this.#waiting.set(host, own);
    entry?.start();
  }
}
