import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";

/**
 * A host of the intranet, for tests. TCP 80 and UDP 53 answer with the client's address; TCP 81 sends four megabytes
 * in four seconds.
 */
const size = 4_000_000;
const pieces = 80;
const piecesPerSecond = 20;

const plain = (address = ""): string => address.replace(/^::ffff:/, "");

const listen = (port: number, answer: (socket: Socket) => void): Promise<void> =>
  new Promise((resolve) => {
    createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      answer(socket);
    }).listen(port, "::", resolve);
  });

const http = (body: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body}\r\nConnection: close\r\n\r\n`;

await listen(80, (socket) => {
  const seen = plain(socket.remoteAddress);
  socket.end(`${http(seen.length)}${seen}`);
});
await listen(81, (socket) => {
  socket.write(http(size));
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(Buffer.alloc(size / pieces, "x"));
    sent++;
    if (sent === pieces) socket.end();
    if (sent === pieces || socket.destroyed) clearInterval(timer);
  }, 1_000 / piecesPerSecond);
});

for (const address of process.argv.slice(2)) {
  // Bound to the requested address, so that answers come from it.
  const names = createSocket(address.includes(":") ? "udp6" : "udp4");
  names.on("message", (_, from) => names.send(plain(from.address), from.port, from.address));
  await new Promise<void>((resolve) => {
    names.bind(53, address, resolve);
  });
}
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
