import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { must } from "../harness/command.ts";
import { addresses, domain } from "../harness/intranet/plan.ts";
import { needsProgram } from "../harness/needs.ts";
import { socksAssociate, splitHostPort, unwrapDatagram, wrapDatagram } from "../harness/net/socks.ts";
import { givenCompany } from "./fixture.ts";

/** UDP by SOCKS5 UDP ASSOCIATE: a real DNS client talks to a socket that adds and removes the SOCKS header. */
const company = givenCompany({ ordinary: true });
let near: Socket;
let far: Socket;
let association: Awaited<ReturnType<typeof socksAssociate>>;
/** The last sender, to whom answers are returned. */
let asker: { port: number; address: string } | undefined;

const bound = async (): Promise<Socket> => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

beforeAll(async () => {
  const { seen } = await company.connected();
  association = await socksAssociate(`${seen.socks}`);
  const relay = splitHostPort(association.relay);
  [near, far] = await Promise.all([bound(), bound()]);
  near.on("message", (message, from) => {
    asker = from;
    far.send(wrapDatagram(addresses.names, 53, message), relay.port, relay.host);
  });
  far.on("message", (message) => asker && near.send(unwrapDatagram(message), asker.port, asker.address));
});
afterAll(() => {
  association?.socket.destroy();
  near?.close();
  far?.close();
});

it("a DNS query by dig is answered by the intranet's name server", async (context) => {
  needsProgram(context, "dig");
  const dig = ["dig", "+short", "+tries=1", "+time=5", "-p", `${near.address().port}`, "@127.0.0.1"];
  expect(await must([...dig, `portal.${domain}`])).toBe(`${addresses.portal}\n`);
});

it("datagrams to another service are answered unchanged, also by name", async () => {
  const relay = splitHostPort(association.relay);
  const socket = await bound();
  const payload = Buffer.alloc(1_000, "x");
  for (const host of [addresses.echo, `echo.${domain}`]) {
    socket.send(wrapDatagram(host, 7, payload), relay.port, relay.host);
    const [answer] = await once(socket, "message");
    expect(unwrapDatagram(answer)).toEqual(payload);
  }
  socket.close();
});
