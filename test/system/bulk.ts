import { once } from "node:events";
import { connect } from "node:net";
import { workerData } from "node:worker_threads";

/** A worker that transfers data through several connections at once, so that it does not delay what its parent measures. */
export interface Bulk {
  host: string;
  direction: "down" | "up";
  /** Bytes that each connection has carried so far. */
  carried: Float64Array;
}

const { host, direction, carried } = workerData as Bulk;
const piece = Buffer.alloc(64 << 10, "x");

const start = async (i: number): Promise<void> => {
  const socket = connect(direction === "down" ? 9_100 : 9_101, host);
  await once(socket, "connect");
  if (direction === "down") {
    socket.on("data", (data) => {
      carried[i] = (carried[i] ?? 0) + data.length;
    });
    return;
  }
  // Counted at the receiver, because much of what was sent is still in flight.
  socket.setEncoding("utf8").on("data", (text: string) => {
    carried[i] = Number(text.trim().split("\n").at(-1));
  });
  const send = (): void => {
    socket.write(piece, send);
  };
  send();
};

await Promise.all(Array.from(carried.keys(), start));
