import { once } from "node:events";
import { downloadBySocks, uploadBySocks } from "./fetch.ts";
import { socksConnect } from "./socks.ts";

/** The median; of an even number of values the mean of the two in the middle. */
export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** Median round-trip time of small messages to an echo service on one connection, ms. */
export const echoLatency = async (proxy: string, host: string, port: number, rounds: number): Promise<number> => {
  const socket = await socksConnect(proxy, host, port);
  try {
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      socket.write("round and round it goes");
      await once(socket, "data");
      times.push(performance.now() - start);
    }
    return median(times);
  } finally {
    socket.destroy();
  }
};

/** Mbit/s. */
const rate = (bytes: number, ms: number): number => (bytes * 8) / 1000 / ms;

export const downloadRate = async (proxy: string, url: string, expected: number): Promise<number> => {
  const start = performance.now();
  const bytes = await downloadBySocks(proxy, url);
  if (bytes !== expected) throw new Error(`downloaded ${bytes} bytes instead of ${expected}`);
  return rate(bytes, performance.now() - start);
};

export const uploadRate = async (proxy: string, url: string, size: number): Promise<number> => {
  const start = performance.now();
  const bytes = await uploadBySocks(proxy, url, size);
  if (bytes !== size) throw new Error(`the other end got ${bytes} bytes instead of ${size}`);
  return rate(size, performance.now() - start);
};
