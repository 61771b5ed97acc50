import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { closerPort, type Ending, endings, portsOfEnding } from "./endings.ts";

/** A host whose connections end at once, in a way chosen by the port. */
const end: Record<Ending, (socket: Socket) => unknown> = {
  "server closes first": (socket) => socket.end(),
  "client closes first": () => {}, // Node.js closes its end after the client's
  "client resets": () => {},
  "server resets": (socket) => socket.once("data", () => socket.resetAndDestroy()),
};

for (const ending of endings) {
  for (let number = 0; number < portsOfEnding; number++) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      end[ending](socket);
    });
    server.listen({ port: closerPort(ending, number), host: "::", backlog: 1_024 });
    await once(server, "listening");
  }
}
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
