import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * A host at ADDRESS: TCP 9100 sends without a limit, TCP 9101 receives everything and reports the amount ten times a
 * second, UDP 9102 echoes, TCP
 * 9103 closes each connection.
 */
const [address = ""] = process.argv.slice(2);
const piece = Buffer.alloc(64 << 10, "x");

const server = createServer((socket) => {
  socket.on("error", () => {});
  const send = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", send);
  send();
});
const sink = createServer((socket) => {
  let taken = 0;
  socket.on("error", () => {}).on("data", (data) => (taken += data.length));
  const timer = setInterval(() => socket.write(`${taken}\n`), 100);
  socket.on("close", () => clearInterval(timer));
});
const closer = createServer((socket) => socket.on("error", () => {}).end());
const echo = createSocket("udp4");
echo.on("message", (message, from) => echo.send(message, from.port, from.address));
await Promise.all([
  new Promise<void>((resolve) => server.listen(9_100, address, resolve)),
  new Promise<void>((resolve) => sink.listen(9_101, address, resolve)),
  new Promise<void>((resolve) => closer.listen(9_103, address, resolve)),
  new Promise<void>((resolve) => echo.bind(9_102, address, resolve)),
]);
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
