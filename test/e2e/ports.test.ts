import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeAll, expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person, Seen } from "../harness/person.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** The stored ports are only a preference: a program that uses one must not prevent connecting. */
const company = givenCompany();
let person: Person;
let former: Seen;
const held: Server[] = [];

const portOf = (address: string | null): number => Number(address?.split(":").at(-1));
const take = async (port: number): Promise<number> => {
  const server = createServer().listen(port, "127.0.0.1");
  held.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
const release = (): void => {
  for (const server of held.splice(0)) server.close();
};

beforeAll(async () => {
  ({ person, seen: former } = await company.connected());
  await person.disconnect();
});
afterEach(async () => {
  release();
  await person.disconnect();
});

const portal = async (seen: Seen): Promise<void> => {
  expect((await fetchBySocks(`${seen.socks}`, portalUrl)).text).toContain(portalText);
};

it.each(["socks", "http", "both"])(
  "connects if a stored port is in use (%s), prints the new one, and keeps the other",
  async (which) => {
    const taken = (["socks", "http"] as const).filter((name) => which === "both" || which === name);
    for (const name of taken) await take(portOf(former[name]));
    const done = await person.sag(["connect", "--json"]);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const seen: Seen = JSON.parse(done.stdout);
    await portal(seen);
    for (const name of ["socks", "http"] as const) {
      if (!taken.includes(name)) expect(seen[name]).toBe(former[name]);
      else {
        expect(seen[name]).not.toBe(former[name]);
        expect(done.stderr).toContain(`${former[name]} is in use by node (process ${process.pid})`);
        expect(done.stderr).toContain(`${seen[name]}`);
      }
    }
    // The ports that were given are stored now.
    await person.disconnect();
    release();
    former = await person.connect();
    expect([former.socks, former.http]).toEqual([seen.socks, seen.http]);
  },
);

it.each(["--socks", "--http"])(
  "fails for %s with the port and the program that uses it, without leaving a session",
  async (flag) => {
    const port = await take(0);
    for (let round = 0; round < 2; round++) {
      const failure = await person.failure(["connect", flag, `127.0.0.1:${port}`]);
      expect(failure).toMatchObject({ cause: "port_in_use", code: 55 });
      expect(failure.message).toContain(`127.0.0.1:${port} is in use by node (process ${process.pid})`);
    }
    expect(await person.status()).toMatchObject({ phase: "failed", cause: "port_in_use" });
    // No session is left at the cloud instance, and the next connect works at once.
    expect(await person.json<unknown[]>(["sessions"])).toEqual([]);
    await portal(await person.connect());
  },
);

it("takes a given port and replaces a stored one in the same call", async () => {
  await take(portOf(former.http));
  const free = await take(0);
  held.pop()?.close();
  const seen = await person.connect("--socks", `127.0.0.1:${free}`);
  expect(seen.socks).toBe(`127.0.0.1:${free}`);
  expect(seen.http).not.toBe(former.http);
  await portal(seen);
});

it("resumes a session after a crash on another port if its own is in use", async () => {
  const before = await person.connect();
  process.kill(Number(before.pid), "SIGKILL");
  await until("the crash to be seen", async () => (await person.status()).cause === "tunnel_crashed");
  await take(portOf(before.socks));
  const after = await person.connect();
  expect(after.session?.id).toBe(before.session?.id);
  expect(after.socks).not.toBe(before.socks);
  await portal(after);
});
