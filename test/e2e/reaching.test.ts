import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command, must } from "../harness/command.ts";
import { addresses, domain, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** What is done inside, by the verbs for it, as somebody types them. */
const sshAddress = "10.77.0.22";
const gitAddress = "10.77.0.90";
const silentAddress = "10.77.0.99";
let ssh: SshServer | undefined;
let git: Server;
let silent: TcpServer;
let person: Person;

const company = givenCompany({
  prepare: async (site) => {
    const { published, workspace } = site;
    await site.sagctl(["resource", "add", "Build host", `${sshAddress}:22`, "--kind", "ssh"]);
    ssh = await startSshServer(join(workspace.dir, "ssh")).catch(() => undefined);
    git = createServer((request, response) => {
      try {
        response.end(readFileSync(join(workspace.dir, "git", new URL(`${request.url}`, "http://x").pathname)));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    silent = createTcp((socket) => socket.on("error", () => socket.destroy())).listen(0, "127.0.0.1");
    await Promise.all([once(git, "listening"), once(silent, "listening")]);
    const port = (server: Server | TcpServer): number => (server.address() as AddressInfo).port;
    if (ssh) published.push(`${sshAddress}:22=127.0.0.1:${ssh.port}`);
    published.push(`${gitAddress}:80=127.0.0.1:${port(git)}`, `${silentAddress}:9=127.0.0.1:${port(silent)}`);
  },
});
beforeAll(async () => {
  ({ person } = await company.connected());
});
afterAll(() => {
  ssh?.stop();
  git.close();
  silent.close();
});

describe("sag run", () => {
  it("gives the command the proxies, in upper and lower case, and passes its exit code on", async () => {
    const seen = JSON.parse((await person.sag(["run", "--", "node", "-p", "JSON.stringify(process.env)"])).stdout);
    for (const name of ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
      expect(seen[name]).toBeTruthy();
      expect(seen[name.toLowerCase()]).toBe(seen[name]);
    }
    expect((await person.sag(["run", "--", "sh", "-c", "exit 7"])).code).toBe(7);
    // Its options are its own, also without --.
    expect((await person.sag(["run", "sh", "-c", "echo $1", "sh", "--json"])).stdout).toBe("--json\n");
    expect((await person.sag(["run", "--", "sh", "-c", "kill -TERM $$"])).code).toBe(128 + 15);
    expect((await person.failure(["run", "no-such-program"])).cause).toBe("not_found");
  });

  it("curl fetches the portal by its name, and git clones", async (context) => {
    const curl = await person.sag(["run", "--", "curl", "-sS", "--fail", "--max-time", "10", portalUrl]);
    expect(curl.stdout, curl.stderr).toContain(portalText);
    needsProgram(context, "git");
    const { dir } = company.workspace;
    const work = join(dir, "work");
    mkdirSync(work);
    writeFileSync(join(work, "README"), "tools\n");
    const inWork = { cwd: work };
    await must(["git", "init", "-q", "-b", "main"], inWork);
    await must(["git", "add", "."], inWork);
    await must(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"], inWork);
    await must(["git", "clone", "-q", "--bare", work, join(dir, "git", "tools.git")]);
    await must(["git", "update-server-info"], { cwd: join(dir, "git", "tools.git") });
    const clone = join(dir, "clone");
    const done = await person.sag(["run", "--", "git", "clone", "-q", `http://${gitAddress}/tools.git`, clone]);
    expect(done.code, done.stderr).toBe(0);
    expect(readFileSync(join(clone, "README"), "utf8")).toBe("tools\n");
  });
});

/** Starts `sag forward … --json`; gives where it listens. */
const forward = async (...forwards: string[]) => {
  const child = spawn(at("bin/sag"), ["forward", ...forwards, "--json"], {
    env: person.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { forwards: opened } = JSON.parse(line) as { forwards: { protocol: string; listen: string; to: string }[] };
  const end = async (): Promise<number | null> => {
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    return code;
  };
  return { ports: opened.map(({ listen }) => Number(listen.split(":").at(-1))), said: text(child.stderr), end };
};

describe("sag forward", () => {
  it("carries several at once, TCP and UDP, both ways and half-closed", async () => {
    const { ports, end } = await forward(`0:portal.${domain}:80`, `0:${addresses.echo}:7`, `udp:0:${addresses.echo}:7`);
    const [web = 0, echo = 0, datagrams = 0] = ports;
    const page = await command(["curl", "-sS", "--fail", "--max-time", "10", `http://127.0.0.1:${web}/`]);
    expect(page.stdout, page.stderr).toContain(portalText);
    const socket = connect({ port: echo, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("x".repeat(300_000));
    expect(await text(socket)).toHaveLength(300_000);
    const udp = createSocket("udp4");
    udp.send("hello", datagrams, "127.0.0.1");
    const [answer] = await once(udp, "message");
    expect(`${answer}`).toBe("hello");
    udp.close();
    expect(await end()).toBe(0);
  });

  it("serves nobody else on this machine", async (context) => {
    needsRoot(context);
    needsProgram(context, "setpriv");
    const { ports, said, end } = await forward(`0:portal.${domain}:80`);
    const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const done = await command([
      ...asNobody,
      "curl",
      "-sS",
      "--fail",
      "--max-time",
      "5",
      `http://127.0.0.1:${ports[0]}/`,
    ]);
    expect(done.code).not.toBe(0);
    expect(done.stdout).not.toContain(portalText);
    await end();
    expect(await said).toContain("Somebody else");
  });

  it("says which port is taken, and which words make no sense", async () => {
    const taken = (silent.address() as AddressInfo).port;
    expect(await person.failure(["forward", `${taken}:portal.${domain}:80`])).toMatchObject({
      cause: "port_in_use",
      code: 55,
    });
    for (const bad of ["80", "portal:80", "0.0.0.0:80:portal:80", "1:portal:99999"]) {
      expect((await person.failure(["forward", bad])).cause, bad).toBe("invalid_argument");
    }
  });
});

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("OpenSSH by sag ssh-proxy", () => {
  const options = (): string[] => [
    ...["-F", "none", "-i", `${ssh?.key}`, "-o", `UserKnownHostsFile=${ssh?.knownHosts}`, "-o", "BatchMode=yes"],
    ...["-o", `User=${ssh?.user}`, "-o", `ProxyCommand=${at("bin/sag")} ssh-proxy %h %p`],
  ];

  it("runs a command, and its exit code comes back", async (context) => {
    needsProgram(context, "ssh", "sshd");
    const done = await person.run(["ssh", ...options(), sshAddress, "echo inside; exit 3"]);
    expect(done.stdout, done.stderr).toBe("inside\n");
    expect(done.code).toBe(3);
  });

  it("scp carries 64 MB whole, there by ProxyCommand and back by ssh-config", async (context) => {
    needsProgram(context, "ssh", "sshd", "scp");
    const [from, to] = [join(company.workspace.dir, "from"), join(company.workspace.dir, "to")];
    const data = Buffer.alloc(64 << 20, "sixty-four megabytes ");
    writeFileSync(from, data);
    const done = await person.run(["scp", "-q", ...options(), from, `${sshAddress}:${to}`]);
    expect(done.code, done.stderr).toBe(0);
    expect(digest(readFileSync(to))).toBe(digest(data));

    // Back by the name that ssh-config has for the published host, as it stands in somebody's own configuration.
    const [config, printed, back] = ["ssh_config", "sag.conf", "back"].map((name) => join(company.workspace.dir, name));
    writeFileSync(`${printed}`, (await person.sag(["ssh-config"])).stdout);
    writeFileSync(`${config}`, `Include ${printed}\nHost *\n  IdentityFile ${ssh?.key}\n  User ${ssh?.user}\n`);
    const known = ["-o", `UserKnownHostsFile=${ssh?.knownHosts}`, "-o", "BatchMode=yes"];
    const fetched = await person.run(["scp", "-q", "-F", `${config}`, ...known, `Build-host:${to}`, `${back}`]);
    expect(fetched.code, fetched.stderr).toBe(0);
    expect(digest(readFileSync(`${back}`))).toBe(digest(data));
  });

  it.each([
    ["a port that nobody published", ["ssh-proxy", addresses.portal, "81"], "target_refused", 73],
    ["a name that is not known inside", ["ssh-proxy", `nothing.${domain}`, "22"], "name_not_found", 72],
    ["no port", ["ssh-proxy", addresses.portal, "http"], "invalid_argument", 2],
    ["an unknown intranet", ["ssh-proxy", "--intranet", "nowhere", addresses.portal, "80"], "unknown_intranet", 70],
  ])("says the cause: %s", async (_, args, cause, code) => {
    expect(await person.failure(args)).toMatchObject({ cause, code });
  });

  it("half-closed: what was sent is answered after standard input has ended", async () => {
    const done = await person.sag(["ssh-proxy", addresses.echo, "7"], { stdin: "y".repeat(200_000) });
    expect(done.stdout).toHaveLength(200_000);
    expect(done.code).toBe(0);
  });

  it("a sag-tunnel that is killed mid-transfer is told, with its own code", async () => {
    const { person: other, seen } = await company.connected();
    const child = spawn(at("bin/sag"), ["ssh-proxy", silentAddress, "9"], {
      env: other.env,
      stdio: ["pipe", "ignore", "pipe"],
    });
    child.stdin.write("hello");
    const said = text(child.stderr);
    await until("a connection", () => new Promise<boolean>((yes) => silent.getConnections((_, n) => yes(n > 0))));
    process.kill(Number(seen.pid), "SIGKILL");
    const [code] = await once(child, "exit");
    expect(code, await said).toBe(51);
  });
});

describe("sag ping", () => {
  it("tells address and time of a host by its name", async () => {
    const told = await person.json<{ address: string; timesMs: number[] }>([
      "ping",
      `portal.${domain}`,
      "--count",
      "1",
    ]);
    expect(told.address).toBe(addresses.portal);
    expect(told.timesMs[0]).toBeGreaterThan(0);
  });

  it("tells a name that is not known from one that is silent", async () => {
    expect((await person.failure(["ping", `nothing.${domain}`])).cause).toBe("name_not_found");
    const silence = await person.failure(["ping", "10.77.0.200", "--count", "1", "--timeout", "300ms"]);
    expect(["target_timeout", "target_unreachable"]).toContain(silence.cause);
  });
});

it("sag open shows the page in a browser with a profile of its own", async (context) => {
  needsProgram(context, "chromium");
  const { dir } = company.workspace;
  const [wrapper, page] = [join(dir, "browser"), join(dir, "page.html")];
  writeFileSync(wrapper, `#!/bin/sh\nexec chromium --headless --no-sandbox --dump-dom "$@" > ${page} 2> /dev/null\n`);
  chmodSync(wrapper, 0o755);
  const told = await person.json<{ profile: string }>(["open", portalUrl, "--browser", wrapper]);
  expect(told.profile.startsWith(`${person.env.XDG_STATE_HOME}`)).toBe(true);
  const read = (): string => {
    try {
      return readFileSync(page, "utf8");
    } catch {
      return "";
    }
  };
  await until("the page", () => read().includes(portalText), 20_000);
  expect((await person.failure(["open", "javascript:alert(1)"])).cause).toBe("invalid_argument");
});

describe("sag logs", () => {
  const logs = async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await person.sag(["logs", ...args, "--json"]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };

  it("shows one trail of core and sag-tunnel with the same session", async () => {
    const { session } = await person.status();
    const about = (await logs()).filter((one) => one.session === session?.id);
    expect(new Set(about.map((one) => one.source))).toEqual(new Set(["core", "sag-tunnel"]));
    const times = (await logs("--lines", "5")).map((one) => `${one.time}`);
    expect(times).toEqual(times.toSorted());
    expect(about).toContainEqual(expect.objectContaining({ source: "sag-tunnel", phase: "connected" }));
    expect(JSON.stringify(await logs("--lines", "10000"))).not.toContain(company.password);
  });

  it("follows what comes", async () => {
    const args = ["logs", "--follow", "--lines", "0", "--json"];
    const child = spawn(at("bin/sag"), args, { env: person.env, stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const next = once(lines, "line");
    const path = join(`${person.env.XDG_STATE_HOME}`, "sag", "log", "core.log");
    // It cannot say when it has begun to look, so it is given something again and again.
    const timer = setInterval(
      () => appendFileSync(path, '{"time":"2026-01-01T00:00:00Z","level":"INFO","msg":"hello"}\n'),
      100,
    );
    const [line] = await next;
    clearInterval(timer);
    expect(JSON.parse(line)).toMatchObject({ msg: "hello", source: "core" });
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});

it("not connected is told by each of them", async () => {
  const stranger = company.person();
  await stranger.signIn(company.link, "anna.meyer", company.password);
  for (const args of [
    ["run", "true"],
    ["open", portalUrl],
    ["forward", "0:portal:80"],
    ["ssh-proxy", "portal", "22"],
    ["ping", "portal"],
    ["proxy"],
  ]) {
    expect(await stranger.failure(args), args.join(" ")).toMatchObject({ cause: "not_connected", code: 71 });
  }
});
