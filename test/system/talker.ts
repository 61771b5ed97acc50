import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Bulk } from "./bulk.ts";

/**
 * Exchanges datagrams with a host, also beside transfers: HOST down|up|none STREAMS SECONDS QUERIES. Beside STREAMS
 * connections that transfer as much as they can: 150 datagrams of 200 bytes from one port, 50 a second, QUERIES queries
 * from a new port each within SECONDS, and new connections.
 */
const [host = "", direction = "none", streams = "1", seconds = "10", queries = "50"] = process.argv.slice(2);

/** ms. */
interface Latency {
  median: number;
  /** That of one in twenty is longer. */
  p95: number;
  most: number;
}

export interface Talked {
  /** Answered datagrams, of 150. */
  datagrams: number;
  /** Answered queries. */
  questions: number;
  datagram: Latency;
  question: Latency;
  connection: Latency;
  /** Payload of each connection, bit/s, from two seconds after they began. */
  rates: number[];
}

const echoPort = 9_102;
const size = 200;
const count = 150;
/** Time limit of an answer, ms. */
const patience = 2_000;

const latency = (times: number[]): Latency => {
  const sorted = times.toSorted((a, b) => a - b).map((ms) => Math.round(ms * 10) / 10);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.POSITIVE_INFINITY;
  return { median: at(0.5), p95: at(0.95), most: at(1) };
};

/** Does something at a constant rate, and returns what did not fail. */
const regularly = async (times: number, every: number, once: (i: number) => Promise<number | undefined>) => {
  const begun = performance.now();
  const all: Promise<number | undefined>[] = [];
  for (let i = 0; i < times; i++) {
    const due = begun + i * every;
    if (due > performance.now()) await delay(due - performance.now());
    all.push(once(i));
  }
  return (await Promise.all(all)).filter((ms) => ms !== undefined);
};

/** The time until an event, ms; undefined if there is none. */
const timed = async (begin: (signal: AbortSignal) => Promise<unknown>): Promise<number | undefined> => {
  const begun = performance.now();
  try {
    await begin(AbortSignal.timeout(patience));
    return performance.now() - begun;
  } catch {
    return undefined;
  }
};

const talk = async (): Promise<number[]> => {
  const socket = createSocket("udp4");
  const answers = new Map<number, () => void>();
  socket.on("message", (message) => answers.get(message.readUInt32BE())?.());
  const times = await regularly(count, 20, (i) =>
    timed((signal) => {
      const message = Buffer.alloc(size);
      message.writeUInt32BE(i);
      socket.send(message, echoPort, host);
      return new Promise<void>((resolve, reject) => {
        answers.set(i, resolve);
        signal.addEventListener("abort", reject);
      });
    }),
  );
  socket.close();
  return times;
};

const question = (): Promise<number | undefined> =>
  timed(async (signal) => {
    const socket = createSocket("udp4");
    try {
      socket.send("?", 53, host);
      await once(socket, "message", { signal });
    } finally {
      socket.close();
    }
  });

const connection = (): Promise<number | undefined> =>
  timed(async (signal) => {
    const socket = connect(9_103, host);
    try {
      await once(socket, "connect", { signal });
    } finally {
      socket.destroy();
    }
  });

const exchange = async (lasts: number, asked: number): Promise<Omit<Talked, "rates">> => {
  const [datagrams, questions, connections] = await Promise.all([
    talk(),
    regularly(asked, (lasts * 1_000) / asked, question),
    regularly(20, (lasts * 1_000) / 20, connection),
  ]);
  return {
    datagrams: datagrams.length,
    questions: questions.length,
    datagram: latency(datagrams),
    question: latency(questions),
    connection: latency(connections),
  };
};

const print = (talked: Talked): void => {
  process.stdout.write(`${JSON.stringify(talked)}\n`);
};
const lasts = Number(seconds);
if (direction === "none") {
  print({ ...(await exchange(lasts, Number(queries))), rates: [] });
} else {
  const carried = new Float64Array(new SharedArrayBuffer(8 * Number(streams)));
  const workerData = { host, direction, carried } as Bulk;
  const worker = new Worker(new URL("./bulk.ts", import.meta.url), { workerData });
  await delay(2_000);
  const [before, begun] = [[...carried], performance.now()];
  const [talked] = await Promise.all([exchange(lasts, Number(queries)), delay(lasts * 1_000)]);
  const passed = performance.now() - begun;
  const rates = [...carried].map((bytes, i) => Math.round(((bytes - (before[i] ?? 0)) * 8_000) / passed));
  print({ ...talked, rates });
  await worker.terminate();
}
process.exit();
