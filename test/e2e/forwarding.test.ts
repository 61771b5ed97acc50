import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer as createTcp, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { addresses, domain, portalText } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

const sshAddress = "10.77.0.22";
const silentAddress = "10.77.0.99";
let ssh: SshServer | undefined;
let silent: TcpServer;
let person: Person;

const company = givenCompany({
  uncapped: true,
  prepare: async (site) => {
    const { published, workspace } = site;
    await site.sagctl(["resource", "add", "Build host", `${sshAddress}:22`, "--kind", "ssh"]);
    ssh = await startSshServer(join(workspace.dir, "ssh")).catch(() => undefined);
    if (ssh) published.push(`${sshAddress}:22=127.0.0.1:${ssh.port}`);
    silent = createTcp((socket) => socket.on("error", () => socket.destroy())).listen(0, "127.0.0.1");
    await once(silent, "listening");
    published.push(`${silentAddress}:9=127.0.0.1:${(silent.address() as AddressInfo).port}`);
  },
});
beforeAll(async () => {
  ({ person } = await company.connected());
});
afterAll(() => {
  ssh?.stop();
  silent.close();
});

/** Starts `sag forward … --json`; returns the listeners. */
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
  return { ports: opened.map(({ listen }) => Number(listen.split(":").at(-1))), errors: text(child.stderr), end };
};

describe("sag forward", () => {
  it("forwards several ports at once, TCP and UDP, in both directions and half-closed", async () => {
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

  it("refuses other users of this host", async (context) => {
    needsRoot(context);
    needsProgram(context, "setpriv");
    const { ports, errors, end } = await forward(`0:portal.${domain}:80`);
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
    expect(await errors).toContain("Another user of this computer");
  });

  it("reports that an ordinary user cannot listen on a low port", async (context) => {
    needsRoot(context);
    needsProgram(context, "setpriv");
    // Root without CAP_NET_BIND_SERVICE.
    const ordinary = ["setpriv", "--bounding-set", "-net_bind_service", at("bin/sag")];
    const done = await person.run([...ordinary, "forward", "80:portal:80", "--json"]);
    expect(JSON.parse(done.stdout)).toMatchObject({ cause: "not_permitted" });
    expect(JSON.parse(done.stdout).message).toContain("Only root may listen on port 80.");
  });

  it("reports a port in use and invalid arguments", async () => {
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

  it("runs a command and returns its exit code", async (context) => {
    needsProgram(context, "ssh", "sshd");
    const done = await person.run(["ssh", ...options(), sshAddress, "echo inside; exit 3"]);
    expect(done.stdout, done.stderr).toBe("inside\n");
    expect(done.code).toBe(3);
  });

  it("scp copies 64 MB unchanged, one way with ProxyCommand and back with ssh-config", async (context) => {
    needsProgram(context, "ssh", "sshd", "scp");
    const [from, to] = [join(company.workspace.dir, "from"), join(company.workspace.dir, "to")];
    const data = Buffer.alloc(64 << 20, "sixty-four megabytes ");
    writeFileSync(from, data);
    const done = await person.run(["scp", "-q", ...options(), from, `${sshAddress}:${to}`]);
    expect(done.code, done.stderr).toBe(0);
    expect(digest(readFileSync(to))).toBe(digest(data));

    // Back by the name from ssh-config, included in the user's own configuration.
    const [config, printed, back] = ["ssh_config", "sag.conf", "back"].map((name) => join(company.workspace.dir, name));
    writeFileSync(`${printed}`, (await person.sag(["ssh-config"])).stdout);
    writeFileSync(`${config}`, `Include ${printed}\nHost *\n  IdentityFile ${ssh?.key}\n  User ${ssh?.user}\n`);
    const known = ["-o", `UserKnownHostsFile=${ssh?.knownHosts}`, "-o", "BatchMode=yes"];
    const fetched = await person.run(["scp", "-q", "-F", `${config}`, ...known, `trial-Build-host:${to}`, `${back}`]);
    expect(fetched.code, fetched.stderr).toBe(0);
    expect(digest(readFileSync(`${back}`))).toBe(digest(data));
  });

  it.each([
    ["a port that is not published", ["ssh-proxy", addresses.portal, "81"], "target_refused", 73],
    ["a name unknown in the intranet", ["ssh-proxy", `nothing.${domain}`, "22"], "name_not_found", 72],
    ["an invalid port", ["ssh-proxy", addresses.portal, "http"], "invalid_argument", 2],
    ["an unknown intranet", ["ssh-proxy", "--intranet", "nowhere", addresses.portal, "80"], "unknown_intranet", 70],
  ])("reports the cause: %s", async (_, args, cause, code) => {
    expect(await person.failure(args)).toMatchObject({ cause, code });
  });

  it("half-closed: the answer arrives after standard input has ended", async () => {
    const done = await person.sag(["ssh-proxy", addresses.echo, "7"], { stdin: "y".repeat(200_000) });
    expect(done.stdout).toHaveLength(200_000);
    expect(done.code).toBe(0);
  });

  it("a sag-tunnel killed during a transfer is reported with its own exit code", async () => {
    const { person: other, seen } = await company.connected();
    const child = spawn(at("bin/sag"), ["ssh-proxy", silentAddress, "9"], {
      env: other.env,
      stdio: ["pipe", "ignore", "pipe"],
    });
    child.stdin.write("hello");
    const errors = text(child.stderr);
    await until("a connection", () => new Promise<boolean>((yes) => silent.getConnections((_, n) => yes(n > 0))));
    process.kill(Number(seen.pid), "SIGKILL");
    const [code] = await once(child, "exit");
    expect(code, await errors).toBe(51);
  });
});
