import { createServer, request, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { makeCertificate } from "../../electron/core/testing/certificate.ts";
import { Processes } from "../harness/processes.ts";
import { type AccessPointReady, Site } from "../harness/site.ts";
import { createWorkspace } from "../harness/workspace.ts";

const workspace = createWorkspace("registering");
const processes = new Processes(workspace.logs);
const site = new Site(processes, workspace);
const certificate = makeCertificate();
let relay: Server;
let registrations = 0;

/** A proxy to the cloud that loses the first answer to Register. */
beforeAll(async () => {
  await site.startCloud();
  await site.createInstance();
  relay = createServer({ key: certificate.key, cert: certificate.cert }, (incoming, outgoing) => {
    const lost = incoming.url?.endsWith("/Register") === true && ++registrations === 1;
    const { method, url, headers } = incoming;
    const onward = request(new URL(url ?? "/", site.cloud.ready.url), { method, headers, rejectUnauthorized: false });
    incoming.pipe(onward);
    onward.on("response", (response) => {
      // The cloud has registered the access point by now.
      if (lost) return void incoming.socket.destroy();
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await processes.stopAll();
  relay.closeAllConnections();
  relay.close();
  workspace.remove();
});

it("an access point that gets no answer to its registration registers only once, with a single-use token", async () => {
  const { port } = relay.address() as AddressInfo;
  const flags = [
    "--cloud",
    `https://127.0.0.1:${port}`,
    "--pin",
    `sha256/${Buffer.from(certificate.pin, "hex").toString("base64url")}`,
  ];
  const point = await processes.start<AccessPointReady>({
    name: "point",
    command: [
      at("bin/sag-access-point"),
      "run",
      ...flags,
      "--token-stdin",
      "--state",
      join(workspace.dir, "point"),
      "--listen",
      "127.0.0.1:0",
      "--json",
    ],
    stdin: `${await site.createToken(1)}\n`,
  });
  expect(registrations).toBe(2);
  const listed = await site.sagctl<{ id: string; online: boolean }[]>(["access-point", "list"]);
  expect(listed.map(({ id, online }) => [id, online])).toEqual([[point.ready.id, true]]);
});
