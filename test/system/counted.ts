import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";

/**
 * A host of the intranet that exchanges packets with clients without end: HOST. Each client says its name, in a datagram
 * to port 9301 and in the first line of a connection to port 9302. From then on it gets a datagram and a piece of the
 * stream every 20 ms, for 8 s after it was heard last. Port 9303 answers with what has arrived.
 */
const [host = ""] = process.argv.slice(2);

/** When something of a client arrived last (epoch ms), and how often. */
export interface Arrived {
  datagramAt: number;
  datagrams: number;
  streamAt: number;
  pieces: number;
}

const every = 20;
/** How long after a client was heard last it is sent to, ms. Later it would only fill the socket, waiting for ARP. */
const patience = 8_000;
const all = new Map<string, Arrived>();

const of = (name: string): Arrived => {
  const found = all.get(name) ?? { datagramAt: 0, datagrams: 0, streamAt: 0, pieces: 0 };
  all.set(name, found);
  return found;
};

const socket = createSocket("udp4");
const answered = new Set<string>();
socket.on("error", () => {});
socket.on("message", (message, from) => {
  const name = String(message);
  const arrived = of(name);
  arrived.datagramAt = Date.now();
  arrived.datagrams++;
  const place = `${name} ${from.address} ${from.port}`;
  if (answered.has(place)) return;
  answered.add(place);
  const timer = setInterval(() => {
    if (Date.now() - arrived.datagramAt < patience) socket.send("?", from.port, from.address, () => {});
    else clearInterval(timer);
  }, every);
});

const listen = (port: number, answer: (socket: Socket) => void): Promise<void> =>
  new Promise((resolve) => {
    createServer((connection) => {
      connection.on("error", () => {});
      answer(connection);
    }).listen(port, host, resolve);
  });

await new Promise<void>((resolve) => {
  socket.bind(9_301, host, resolve);
});
await listen(9_302, (connection) => {
  let name = "";
  connection.on("data", (data) => {
    name ||= String(data).split("\n")[0] ?? "";
    const arrived = of(name);
    arrived.streamAt = Date.now();
    arrived.pieces++;
  });
  const timer = setInterval(() => connection.write("?"), every);
  connection.on("close", () => clearInterval(timer));
});
await listen(9_303, (connection) => {
  const body = JSON.stringify(Object.fromEntries(all));
  connection.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
});
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
