import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { listenFailure, programAt } from "./listener.ts";

it.each(["127.0.0.1", "0.0.0.0", "::1", "::"])("names the program that listens at %s", async (host) => {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = host.includes(":") ? `[::1]:${port}` : `127.0.0.1:${port}`;
  expect(await programAt(address)).toBe(`node (process ${process.pid})`);
  const failure = await listenFailure("port_in_use", address);
  expect(failure.message).toBe(`The address ${address} is in use by node (process ${process.pid}).`);
  server.close();
  await once(server, "close");
  expect(await programAt(address)).toBeNull();
  expect((await listenFailure("port_in_use", address)).message).toContain("another program");
});

it("explains why an ordinary user cannot use a low port", async () => {
  const failure = await listenFailure("not_permitted", "127.0.0.1:80");
  expect(failure.message).toBe("Only root may listen on port 80.");
  expect((await listenFailure("not_permitted", "127.0.0.1:8080")).message).toContain("127.0.0.1:8080");
  expect(await programAt("nonsense")).toBeNull();
});
