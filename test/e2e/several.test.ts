import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { domain, network } from "../harness/intranet/plan.ts";
import type { Person, Seen } from "../harness/person.ts";
import type { Site } from "../harness/site.ts";
import { userName } from "../harness/site.ts";
import { curl } from "./curl.ts";
import { givenCompany } from "./fixture.ts";

/** Two intranets with the same addresses and the same names, at once, of one person on one machine. */
const address = "10.77.0.81";
const servers: Server[] = [];
const portal = (says: string) => async (site: Site) => {
  const server = createServer((_, response) => response.end(says)).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  site.published.push(`${address}:80=127.0.0.1:${(server.address() as AddressInfo).port}`);
};
const alpha = givenCompany({ prepare: portal("this is alpha") });
const beta = givenCompany({ prepare: portal("this is beta") });
let person: Person;
let seen: Record<"alpha" | "beta", Seen>;

beforeAll(async () => {
  person = alpha.person();
  const signIn = (link: string, password: string, name: string) =>
    person.json(["sign-in", link, "--user", userName, "--password-stdin", "--store", "file", "--intranet", name], {
      stdin: password,
    });
  await signIn(alpha.link, alpha.password, "alpha");
  await signIn(beta.link, beta.password, "beta");
  const [one, two] = await Promise.all([person.connect("--intranet", "alpha"), person.connect("--intranet", "beta")]);
  seen = { alpha: one, beta: two };
});
afterAll(() => {
  for (const server of servers) server.close();
});

const url = `http://${address}/`;
const names = ["alpha", "beta"] as const;

it.each(names)("%s is reached by its own proxies, run, forward and ssh-proxy", async (name) => {
  const text = `this is ${name}`;
  expect((await curl(["--socks5-hostname", `${seen[name].socks}`, url])).stdout).toBe(text);
  expect((await curl(["-x", `http://${seen[name].http}`, url])).stdout).toBe(text);
  expect((await person.sag(["run", "--intranet", name, "--", "curl", "-sS", "--max-time", "10", url])).stdout).toBe(
    text,
  );
  const request = `GET / HTTP/1.0\r\nHost: ${address}\r\n\r\n`;
  const raw = await person.sag(["ssh-proxy", "--intranet", name, address, "80"], { stdin: request });
  expect(raw.stdout, raw.stderr).toContain(text);
  const args = ["forward", "--intranet", name, `0:${address}:80`, "--json"];
  const child = spawn(at("bin/sag"), args, { env: person.env, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  expect((await curl([`http://${JSON.parse(line).forwards[0].listen}/`])).stdout).toBe(text);
  child.kill("SIGINT");
  await once(child, "exit");
});

it("without a name it is the default, and without a default one is asked for", async () => {
  const args = ["run", "--", "curl", "-sS", "--max-time", "10", url];
  expect((await person.failure(args.toSpliced(1, 0, "--json"))).message).toContain("alpha, beta");
  const list = await person.json<{ intranet: string; isDefault: boolean }[]>(["intranets", "--default", "beta"]);
  expect(list.filter((one) => one.isDefault).map((one) => one.intranet)).toEqual(["beta"]);
  expect((await person.sag(args)).stdout).toBe("this is beta");
  expect((await person.failure(["intranets", "--default", "gamma"])).cause).toBe("unknown_intranet");
});

it("one PAC for both says clearly what it cannot decide", async () => {
  const told = await person.json<{ pac: string; overlaps: { what: string; intranets: string[] }[] }>([
    "proxy",
    "--all",
  ]);
  expect(told.overlaps).toEqual([domain, network].map((what) => ({ what, intranets: ["alpha", "beta"] })));
  expect((await curl([told.pac])).stdout).toContain("FindProxyForURL");
  const spoken = await person.sag(["proxy", "--all"]);
  expect(spoken.stderr).toContain(`${network}: claimed by alpha and beta`);
});

it("disconnecting one leaves the other alone, and the PAC follows", async () => {
  await person.json(["disconnect", "alpha"]);
  expect((await curl(["--socks5-hostname", `${seen.beta.socks}`, url])).stdout).toBe("this is beta");
  expect((await curl([`http://${seen.beta.http}/all.pac`])).stdout).not.toContain(`${seen.alpha.http}`);
  const again = await person.connect("--intranet", "alpha");
  expect([again.socks, again.http, again.pac]).toEqual([seen.alpha.socks, seen.alpha.http, seen.alpha.pac]);
});
