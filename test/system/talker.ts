import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Exchanges datagrams with a host while downloading or uploading: HOST down|up|none FRESH RATE. Sends 150 datagrams
 * of 200 bytes from one port, 50 a second, and FRESH queries from a new port each, RATE a second; prints how many
 * were answered.
 */
const [host = "", direction = "", fresh = "20", rate = "7"] = process.argv.slice(2);

export interface Talked {
  /** Answered datagrams, of 150. */
  datagrams: number;
  /** Answered queries, of FRESH. */
  questions: number;
  /** Rate of the transfer after its first second, bit/s. */
  rate: number;
}

const echoPort = 9_102;
const size = 200;
/** Time limit of an answer, ms. */
const patience = 1_000;
let carried = 0;

const bulk = async (): Promise<void> => {
  if (direction === "none") return;
  const socket = connect(direction === "down" ? 9_100 : 9_101, host);
  await once(socket, "connect");
  if (direction === "down") socket.on("data", (data) => (carried += data.length));
  else {
    // Counted at the receiver, because much of what was sent is still in flight.
    socket.setEncoding("utf8").on("data", (text: string) => {
      carried = Number(text.trim().split("\n").at(-1));
    });
    const piece = Buffer.alloc(16 << 10, "x");
    const send = (): void => {
      socket.write(piece, send);
    };
    send();
  }
};

const talk = async (): Promise<number> => {
  const socket = createSocket("udp4");
  let echoed = 0;
  socket.on("message", () => echoed++);
  for (let i = 0; i < 150; i++) {
    socket.send(Buffer.alloc(size, i), echoPort, host);
    await delay(20);
  }
  await delay(patience);
  socket.close();
  return echoed;
};

const question = (): Promise<number> =>
  new Promise((resolve) => {
    const socket: Socket = createSocket("udp4");
    const done = (answered: number): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => done(0), patience);
    socket.once("message", () => done(1));
    socket.send("?", 53, host);
  });

const questions = async (): Promise<number> => {
  const asked: Promise<number>[] = [];
  const begun = performance.now();
  while (asked.length < Number(fresh)) {
    asked.push(question());
    const due = begun + (asked.length * 1_000) / Number(rate);
    if (due > performance.now()) await delay(due - performance.now());
  }
  return (await Promise.all(asked)).reduce((sum, one) => sum + one, 0);
};

await bulk();
await delay(1_000);
const [before, begun] = [carried, performance.now()];
const [datagrams, answered] = await Promise.all([talk(), questions()]);
const bits = ((carried - before) * 8_000) / (performance.now() - begun);
process.stdout.write(`${JSON.stringify({ datagrams, questions: answered, rate: Math.round(bits) })}\n`);
process.exit();
