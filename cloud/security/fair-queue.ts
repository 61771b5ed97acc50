/** The host and the account that a task is for; both have a limit. */
export interface Requester {
  /** Hosts take turns; "" = the server's own work. */
  host: string;
  account: string;
}

export interface QueueRules {
  /** Maximum number of running tasks. */
  concurrent: number;
  /** Maximum number of waiting tasks. */
  waiting: number;
  /** Maximum number of waiting and running tasks per account. */
  perAccount: number;
  /** Maximum number of waiting and running tasks per host. */
  perHost: number;
}

interface Entry {
  requester: Requester;
  start: () => void;
  refuse: () => void;
}

/** A queue for expensive tasks, of which few can run at once. Hosts take turns, and no host can fill the queue. */
export class FairQueue {
  readonly #rules: QueueRules;
  readonly #full: () => Error;
  #running = 0;
  /** Waiting tasks by host, in the order of the hosts' turns. */
  readonly #waiting = new Map<string, Entry[]>();
  readonly #counts = new Map<string, number>();

  /** `full` makes the error for a task that is refused. */
  constructor(rules: QueueRules, full: () => Error) {
    this.#rules = rules;
    this.#full = full;
  }

  async run<T>(requester: Requester, work: () => Promise<T>): Promise<T> {
    const keys = [`host ${requester.host}`, `account ${requester.account}`];
    const [ofHost = 0, ofAccount = 0] = keys.map((key) => this.#counts.get(key) ?? 0);
    if (requester.host !== "" && ofHost >= this.#rules.perHost) throw this.#full();
    if (requester.account !== "" && ofAccount >= this.#rules.perAccount) throw this.#full();
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    try {
      if (this.#running >= this.#rules.concurrent) await this.#wait(requester);
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

  #wait(requester: Requester): Promise<void> {
    return new Promise((resolve, reject) => {
      const own = this.#waiting.get(requester.host) ?? [];
      if (this.#size() >= this.#rules.waiting && !this.#makeRoom(own.length)) {
        reject(this.#full());
        return;
      }
      own.push({ requester, start: resolve, refuse: () => reject(this.#full()) });
      this.#waiting.set(requester.host, own);
    });
  }

  #size(): number {
    let size = 0;
    for (const own of this.#waiting.values()) size += own.length;
    return size;
  }

  /** Refuses the latest task of the host with the most waiting tasks, if that is more than the new task's host would have. */
  #makeRoom(own: number): boolean {
    let most: Entry[] = [];
    for (const entries of this.#waiting.values()) if (entries.length > most.length) most = entries;
    if (most.length <= own + 1) return false;
    most.pop()?.refuse();
    return true;
  }

  /** Starts the next host's first task, and moves that host to the end of the queue. */
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
