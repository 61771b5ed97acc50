import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { addresses, domain, network } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot, notRunHere } from "../harness/needs.ts";
import type { Person, Seen } from "../harness/person.ts";
import type { Site } from "../harness/site.ts";
import { userName } from "../harness/site.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { curl } from "./curl.ts";
import { givenCompany } from "./fixture.ts";

/** Two intranets with the same addresses and names, connected at the same time by one person. */
const range = "10.0.0.0/24";
const [address, sshAddress] = ["10.0.0.80", "10.0.0.22"];
const servers: Server[] = [];
const ssh: Record<string, SshServer | undefined> = {};
const hosts = (name: string) => async (site: Site) => {
  const server = createServer((_, response) => response.end(`this is ${name}`)).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  site.published.push(`${address}:80=127.0.0.1:${(server.address() as AddressInfo).port}`);
  ssh[name] = await startSshServer(join(site.workspace.dir, "ssh")).catch(() => undefined);
  if (ssh[name]) site.published.push(`${sshAddress}:22=127.0.0.1:${ssh[name].port}`);
  await site.sagctl(["route", "add", range]);
  await site.sagctl(["resource", "add", `Build host of ${name}`, sshAddress, "--kind", "ssh"]);
};
const alpha = givenCompany({ prepare: hosts("alpha") });
const beta = givenCompany({ prepare: hosts("beta") });
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
  for (const server of Object.values(ssh)) server?.stop();
});

it("a command without proxy support is isolated into the intranet it is run for", async (context) => {
  needsRoot(context);
  needsProgram(context, "curl");
  if (!existsSync("/dev/net/tun")) return notRunHere(context, "/dev/net/tun");
  const both = ["alpha", "beta"].map(async (name) => {
    const fetch = ["curl", "-sS", "--noproxy", "*", "--max-time", "10", `http://${address}/`];
    const done = await person.sag(["run", "--isolate", "--intranet", name, "--", ...fetch]);
    expect(done.stdout, done.stderr).toBe(`this is ${name}`);
  });
  await Promise.all(both);
});

/** A lasting connection to an echo service. */
const talkTo = async (name: string) => {
  const args = ["ssh-proxy", "--intranet", name, addresses.echo, "7"];
  const child = spawn(at("bin/sag"), args, { env: person.env, stdio: ["pipe", "pipe", "ignore"] });
  const exit = once(child, "exit");
  const says = async (text: string): Promise<string> => {
    child.stdin.write(text);
    return `${(await once(child.stdout, "data"))[0]}`;
  };
  expect(await says("hello")).toBe("hello");
  const end = async (): Promise<number> => {
    child.stdin.end();
    return (await exit)[0];
  };
  return { says, end };
};

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

const configs = (): string => join(alpha.workspace.dir, "ssh_config");
/** OpenSSH with the printed Host blocks; each host is known by its own key only. */
const sshTo = (name: string): string[] => [
  ...["ssh", "-F", configs(), "-i", `${ssh[name]?.key}`, "-o", `UserKnownHostsFile=${ssh[name]?.knownHosts}`],
  ...[
    "-o",
    "BatchMode=yes",
    "-o",
    "StrictHostKeyChecking=yes",
    "-l",
    `${ssh[name]?.user}`,
    `${name}-Build-host-of-${name}`,
  ],
];

it("OpenSSH reaches each host by its name from ssh-config", async (context) => {
  needsProgram(context, "ssh", "sshd");
  const includes = await Promise.all(
    names.map(async (name) => {
      const path = join(alpha.workspace.dir, `${name}.conf`);
      writeFileSync(path, (await person.sag(["ssh-config", name])).stdout);
      return `Include ${path}\n`;
    }),
  );
  writeFileSync(configs(), includes.join(""));
  for (const name of names) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for the remote shell to expand.
    const done = await person.run([...sshTo(name), 'echo "${SSH_CONNECTION##* }"']);
    expect(done.stdout, done.stderr).toBe(`${ssh[name]?.port}\n`);
  }
});

it("ssh-config --all lists the hosts of both, with different names and host keys", async () => {
  const told = await person.json<{ hosts: { alias: string; host: string; hostKeyAlias: string; intranet: string }[] }>([
    "ssh-config",
    "--all",
  ]);
  expect(told.hosts.map(({ alias, host, intranet }) => [alias, host, intranet]).sort()).toEqual(
    names.map((name) => [`${name}-Build-host-of-${name}`, sshAddress, name]),
  );
  expect(new Set(told.hosts.map(({ hostKeyAlias }) => hostKeyAlias)).size).toBe(2);
  const printed = (await person.sag(["ssh-config", "--all"])).stdout;
  for (const { alias, hostKeyAlias } of told.hosts) {
    expect(printed).toContain(`\nHost ${alias}\n`);
    expect(printed).toContain(`  HostKeyAlias ${hostKeyAlias}\n`);
  }
  expect((await person.failure(["ssh-config", "alpha", "--all"])).cause).toBe("invalid_argument");
});

it("without a name the default is used, and without a default the name is required", async () => {
  const args = ["run", "--", "curl", "-sS", "--max-time", "10", url];
  expect((await person.failure(args.toSpliced(1, 0, "--json"))).message).toContain("alpha, beta");
  const list = await person.json<{ intranet: string; isDefault: boolean }[]>(["intranets", "--default", "beta"]);
  expect(list.filter((one) => one.isDefault).map((one) => one.intranet)).toEqual(["beta"]);
  expect((await person.sag(args)).stdout).toBe("this is beta");
  expect((await person.failure(["intranets", "--default", "gamma"])).cause).toBe("unknown_intranet");
});

it("one PAC file for both reports what it cannot decide", async () => {
  const combined = await person.json<{ pac: string; overlaps: { what: string; intranets: string[] }[] }>([
    "proxy",
    "--all",
  ]);
  expect(combined.overlaps).toEqual([domain, network, range].map((what) => ({ what, intranets: ["alpha", "beta"] })));
  expect((await curl([combined.pac])).stdout).toContain("FindProxyForURL");
  const spoken = await person.sag(["proxy", "--all"]);
  expect(spoken.stderr).toContain(`${network}: claimed by alpha and beta`);
});

it("disconnecting one does not affect the other and its open connections, and the PAC file follows", async () => {
  const talks = await Promise.all(names.map(talkTo));
  await person.json(["disconnect", "alpha"]);
  const [ended, going] = talks;
  expect(await ended?.end()).not.toBe(0);
  expect(await going?.says("still there")).toBe("still there");
  expect(await going?.end()).toBe(0);
  expect((await curl(["--socks5-hostname", `${seen.beta.socks}`, url])).stdout).toBe("this is beta");
  expect((await curl([`http://${seen.beta.http}/all.pac`])).stdout).not.toContain(`${seen.alpha.http}`);
  const again = await person.connect("--intranet", "alpha");
  expect([again.socks, again.http, again.pac]).toEqual([seen.alpha.socks, seen.alpha.http, seen.alpha.pac]);
});
