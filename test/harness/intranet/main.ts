import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { parseArgs } from "node:util";
import { nameServerKinds, serveNames } from "./names.ts";
import { domain, records } from "./plan.ts";
import { createPortal } from "./portal.ts";

/**
 * The intranet as one process with loopback sockets, which access points publish under addresses of the intranet. The
 * first line on stdout contains the addresses; every query to its name server is a further line. It exits when its
 * standard input is closed, so that it never outlives its parent.
 */
const { values } = parseArgs({
  options: {
    portal: { type: "string" },
    host: { type: "string", default: "127.0.0.1" },
    names: { type: "string", default: "prompt" },
  },
});
const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const portal = createPortal().listen(values.portal);
await once(portal, "listening");

const echo = createServer((socket) => {
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
}).listen(0, values.host);
await once(echo, "listening");
const echoPort = (echo.address() as AddressInfo).port;

const datagrams = createSocket(values.host.includes(":") ? "udp6" : "udp4");
datagrams.on("message", (message, from) => datagrams.send(message, from.port, from.address));
datagrams.bind(echoPort, values.host);
await once(datagrams, "listening");

const kind = nameServerKinds.find((one) => one === values.names) ?? "prompt";
const report = (question: { name: string }): void => tell({ asked: question.name });
const { port: namesPort } = await serveNames(values.host, records, domain, report, 0, kind);

tell({
  ready: true,
  portal: values.portal,
  names: `${values.host}:${namesPort}`,
  echo: `${values.host}:${echoPort}`,
  pid: process.pid,
});

process.stdin.resume().once("end", () => process.exit(0));
