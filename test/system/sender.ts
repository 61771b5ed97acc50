import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/**
 * Programs that constantly send to the intranet: UDP and TCP to its hosts, echo requests, and queries for its names
 * to outside resolvers. For any line of input it prints how many packets were sent so far.
 */
const [domain = "", hosts = "", resolvers = "", link = ""] = process.argv.slice(2);
/** Interval, ms, and packets per interval. */
const pause = 5;
const atOnce = 2;
const discard = 9;

const offered = { udp: 0, tcp: 0, names: 0, others: 0 };

const question = (name: string): Buffer => {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  const head = [...Buffer.from([offered.names >> 8, offered.names]), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Buffer.from([...head, ...labels, 0, 0, 1, 0, 1]);
};

const sockets = { 4: createSocket("udp4"), 6: createSocket("udp6") };
for (const socket of Object.values(sockets)) socket.on("error", () => {});
const datagram = (to: string, port: number, bytes: Buffer): void =>
  // Ignores errors, and continues.
  sockets[to.includes(":") ? 6 : 4].send(bytes, port, to, () => {});

const dial = (to: string): void => {
  const socket = connect({ host: to, port: 80, timeout: 1_000 });
  socket.on("error", () => {});
  socket.on("timeout", () => socket.destroy());
  socket.resume();
};

let turn = 0;
setInterval(() => {
  for (const host of hosts.split(",")) {
    for (let i = 0; i < atOnce; i++) datagram(host, discard, Buffer.from("intranet"));
    offered.udp += atOnce;
    if (turn % 4 === 0) {
      dial(host);
      offered.tcp++;
    }
  }
  for (const resolver of resolvers.split(",")) {
    for (const name of [`h${offered.names}.${domain}`, `deep.er.H${offered.names}.${domain.toUpperCase()}`]) {
      datagram(resolver, 53, question(name));
      offered.names++;
    }
    if (turn % 10 === 0) {
      datagram(resolver, 53, question(`www${offered.others}.other.example`));
      offered.others++;
    }
  }
  turn++;
}, pause);

const pings = hosts.split(",").flatMap((host) => [
  spawn("ping", ["-q", "-n", "-i", "0.02", host], { stdio: "ignore" }),
  // Bound to the link, whatever the routes are.
  spawn("ping", ["-q", "-n", "-i", "0.02", "-I", link, host], { stdio: "ignore" }),
]);
process.on("exit", () => {
  for (const ping of pings) ping.kill();
});
process.on("SIGTERM", () => process.exit());

const tell = (): boolean => process.stdout.write(`${JSON.stringify({ offered })}\n`);
createInterface({ input: process.stdin })
  .on("line", tell)
  .on("close", () => process.exit());
setInterval(tell, 100);
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
