import { createSocket } from "node:dgram";
import { connect } from "node:net";

/**
 * A client that sends whatever happens: NAME HOST ADDRESS ADDRESS6 PROBE SESSION. From its inner addresses it sends a
 * datagram and a piece of a connection every 20 ms, opens the connection again when it breaks, and sends probes, as
 * sag-tunnel does. Prints what it has sent and received ten times a second.
 */
const [name = "", host = "", address = "", address6 = "", probe = "", session = ""] = process.argv.slice(2);

export interface Sent {
  datagrams: number;
  /** When something arrived last, epoch ms. */
  datagramAt: number;
  streamAt: number;
}

const every = 20;
const sent: Sent = { datagrams: 0, datagramAt: 0, streamAt: 0 };

const socket = createSocket("udp4");
socket.on("error", () => {});
socket.on("message", () => {
  sent.datagramAt = Date.now();
});
await new Promise<void>((resolve) => {
  socket.bind(0, address, resolve);
});
setInterval(() => {
  sent.datagrams++;
  socket.send(name, 9_301, host, () => {});
}, every);

const open = (): void => {
  const connection = connect({ host, port: 9_302, localAddress: address });
  connection.on("error", () => {});
  connection.on("data", () => {
    sent.streamAt = Date.now();
  });
  connection.write(`${name}\n`);
  const timer = setInterval(() => connection.write("."), every);
  connection.on("close", () => {
    clearInterval(timer);
    setTimeout(open, 100);
  });
};
open();

/** A probe that says that the client is active at this access point (native/internal/datapath/probe). */
const message = Buffer.alloc(42);
message.write("SAGP\x01\x01\x01");
message.write(session, 8, "hex");
message.writeUInt32BE(1, 24);
message.writeUInt32BE(1, 28);
message.writeUInt16BE(1_280, 40);
const probes = createSocket("udp6");
probes.on("error", () => {});
await new Promise<void>((resolve) => {
  probes.bind(7, address6, resolve);
});
const prober = (): void => probes.send(message, 7, probe, () => {});
prober();
setInterval(prober, 1_000);

setInterval(() => process.stdout.write(`${JSON.stringify(sent)}\n`), 100);
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
