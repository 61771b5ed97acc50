import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { addresses, domain, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot, notRunHere } from "../harness/needs.ts";
import { Person } from "../harness/person.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";
import { userName } from "../harness/site.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/**
 * `sag run --isolate`: programs without proxy support are tunneled, and none of their packets takes another way. Runs
 * as an ordinary user, whose command gets its own network namespace.
 */
const uid = 54_321;
const sshAddress = "10.77.0.22";
const databaseAddress = "10.77.0.32";
let ssh: SshServer | undefined;
let postgres: Postgres | undefined;
let person: Person;

/** A minimal PostgreSQL server: refuses the SSLRequest, then sends bytes. */
const database = createServer((socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => socket.write(data.length === 8 && data.readInt32BE(4) === 80_877_103 ? "N" : data));
});

const company = givenCompany({
  prepare: async (site) => {
    ssh = await startSshServer(join(site.workspace.dir, "ssh")).catch(() => undefined);
    chmodSync(site.workspace.dir, 0o711);
    postgres = await startPostgres(join(site.workspace.dir, "db"));
    if (postgres) site.published.push(`${addresses.portal}:5432=127.0.0.1:${postgres.port}`);
    database.listen(0, "127.0.0.1");
    await once(database, "listening");
    if (ssh) site.published.push(`${sshAddress}:22=127.0.0.1:${ssh.port}`);
    site.published.push(`${databaseAddress}:5432=127.0.0.1:${(database.address() as AddressInfo).port}`);
  },
});

/**
 * A mount namespace in which the ordinary user can open /dev/net/tun: in containers it often belongs to root,
 * elsewhere it is open to all.
 */
let keeper: ChildProcess;
const enter = (): string[] => ["nsenter", "--mount", "--target", `${keeper.pid}`, "--"];
const ordinary = ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  keeper = spawn("unshare", ["--mount", "sleep", "3600"], { stdio: "ignore" });
  const inode = (name: string): number => statSync(`/proc/${name}/ns/mnt`).ino;
  await until(
    "a mount namespace",
    () => inode(`${keeper.pid}`) !== inode("self") && readFileSync(`/proc/${keeper.pid}/comm`, "utf8") === "sleep\n",
  );
  await must([
    ...enter(),
    "sh",
    "-c",
    "mount -t tmpfs none /mnt && mknod -m 666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun && sed '$ a ordinary:x:54321:54321::/:/bin/sh' /etc/passwd > /mnt/passwd && mount --bind /mnt/passwd /etc/passwd",
  ]);
  const env = company.workspace.home("ordinary");
  await must(["chown", "-R", `${uid}:${uid}`, `${env.HOME}`]);
  person = new Person(env, (args) => [...enter(), ...ordinary, ...args]);
  await person.signIn(company.link, userName, company.password);
  await person.connect();
});
afterAll(() => {
  keeper?.kill("SIGKILL");
  ssh?.stop();
  postgres?.stop();
  database.close();
});
beforeEach((context) => {
  needsRoot(context);
  needsProgram(context, "unshare", "nsenter", "setpriv");
  for (let folder = at("bin"); folder !== "/"; folder = join(folder, ".."))
    if ((statSync(folder).mode & 0o001) === 0)
      notRunHere(context, `a checkout that others can enter, and not ${folder}`);
});

const isolated = (...command: string[]) => person.sag(["run", "--isolate", "--", ...command]);
const script = (text: string) => isolated(at("node_modules/.bin/node"), "-e", text);

describe("programs without proxy support", () => {
  it("connect by TCP to names and addresses in the intranet", async () => {
    const done = await isolated("curl", "-sS", "--noproxy", "*", "--max-time", "10", portalUrl);
    expect(done.stdout, done.stderr).toContain(portalText);
    // The first message of psql.
    const text = `const s = require("node:net").connect(5432, ${JSON.stringify(databaseAddress)}, () => s.write(Buffer.from("0000000804d2162f", "hex")));
      s.once("data", (b) => { console.log(String(b)); s.end(); }); s.on("error", (e) => { console.log(e.code); process.exit(1); });`;
    expect(await script(text)).toMatchObject({ code: 0, stdout: "N\n" });
  });

  it("can query any record type, by UDP and TCP", async (context) => {
    needsProgram(context, "dig");
    // DNS over TCP is passed through unchanged, so +noedns is needed for name servers without EDNS.
    for (const more of [["+notcp"], ["+tcp", "+noedns"]]) {
      const done = await isolated("dig", "+short", "+time=3", ...more, `portal.${domain}`, "A");
      expect(done.stdout.trim(), done.stderr + done.stdout).toBe(addresses.portal);
    }
    expect((await isolated("dig", "+time=3", `portal.${domain}`, "MX")).stdout).toContain("status: NOERROR");
  });

  it("work with a database by psql, by a name or an address", async (context) => {
    needsProgram(context, "psql");
    if (!postgres) return notRunHere(context, "the server of PostgreSQL");
    for (const host of [`portal.${domain}`, addresses.portal]) {
      const at = new URL(`postgresql://${host}/postgres`);
      Object.assign(at, { username: postgres.user, password: encodeURIComponent(postgres.password) });
      const query =
        "select current_user; select md5(string_agg(n::text, ',')) from generate_series(1, 1000) n; select n, repeat('x', 90) from generate_series(1, 1000) n";
      const done = await isolated("psql", "--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, at.href);
      expect(done.code, done.stderr).toBe(0);
      const lines = done.stdout.trim().split("\n");
      expect([lines.length, lines[0], lines.at(-1)]).toEqual([1002, postgres.user, `1000|${"x".repeat(90)}`]);
      // The same command outside of the isolated network fails.
      const outside = await person.run(["psql", "-At", "-c", "select 1", `${at.href}?connect_timeout=2`]);
      expect(outside.code).toBe(2);
    }
  });

  it("log in by ssh, by a name or an address", async (context) => {
    needsProgram(context, "ssh");
    if (!ssh) return notRunHere(context, "sshd");
    await must(["cp", ssh.key, join(company.workspace.dir, "key")]);
    await must(["chown", `${uid}`, join(company.workspace.dir, "key")]);
    const options = [
      "-F",
      "none",
      "-i",
      join(company.workspace.dir, "key"),
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "BatchMode=yes",
      "-o",
      `User=${ssh.user}`,
    ];
    const done = await isolated("ssh", ...options, sshAddress, "echo inside; exit 3");
    expect({ code: done.code, stdout: done.stdout }, done.stderr).toEqual({ code: 3, stdout: "inside\n" });
  });

  it("send and receive datagrams and pings", async (context) => {
    needsProgram(context, "ping");
    const ping = await isolated("ping", "-c", "1", "-W", "5", addresses.echo);
    expect(ping.code, ping.stdout + ping.stderr).toBe(0);
    expect((await isolated("ping", "-c", "1", "-W", "1", "198.51.100.7")).code).toBe(1);
    const text = `const s = require("node:dgram").createSocket("udp4"); s.send("hello", 7, ${JSON.stringify(addresses.echo)});
      s.on("message", (m) => { console.log(String(m)); s.close(); }); setTimeout(() => process.exit(1), 5000).unref();`;
    expect((await script(text)).stdout).toBe("hello\n");
  });

  it("learn at once that nothing listens at a UDP port", async () => {
    const text = `const s = require("node:dgram").createSocket("udp4"), ended = (what) => { console.log(what); process.exit(); };
      s.connect(8, ${JSON.stringify(addresses.echo)}, () => s.send("hello")); s.on("error", (e) => ended(e.code)); setTimeout(() => ended("no answer"), 5000);`;
    expect((await script(text)).stdout).toBe("ECONNREFUSED\n");
  });
});

it("a nested sag run runs the command directly, because everything is tunneled already", async () => {
  const curl = ["curl", "-sS", "--max-time", "10", portalUrl];
  for (const more of [[], ["--isolate"]]) {
    const done = await isolated(
      at("bin/sag"),
      "run",
      ...more,
      "--",
      "sh",
      "-c",
      `env | grep -i _proxy=; exec "$@"`,
      "sh",
      ...curl,
    );
    expect(done.stdout, done.stderr).toContain(portalText);
    expect(done.stdout).not.toMatch(/_proxy=/i);
  }
});

describe("nothing bypasses the tunnel", () => {
  it("neither the host's loopback, nor its network, nor its resolver can be reached", async () => {
    const heard: string[] = [];
    const tcp = createServer((socket) => {
      heard.push("tcp");
      socket.destroy();
    }).listen(0, "0.0.0.0");
    const udp = createSocket("udp4", () => heard.push("udp"));
    udp.bind(0, "0.0.0.0");
    await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
    const own = (await must(["hostname", "-I"])).split(/\s/)[0] || "192.0.2.1";
    const ports = [(tcp.address() as AddressInfo).port, udp.address().port];
    const text = `const [own, tcp, udp] = ${JSON.stringify([own, ...ports])};
      const net = require("node:net"), dns = require("node:dns");
      const s = require("node:dgram").createSocket("udp4");
      s.on("error", () => {});
      const tried = [];
      const connect = (host) => new Promise((r) => { const c = net.connect(tcp, host); c.on("error", (e) => { tried.push(e.code); r(); }); c.on("connect", () => { tried.push("connected " + host); r(); }); setTimeout(() => { tried.push("timeout"); r(); }, 3000); });
      (async () => {
        for (const host of [own, "127.0.0.1", "198.51.100.7", "8.8.8.8"]) { await connect(host); s.send("x", udp, host, () => {}); }
        await new Promise((r) => dns.lookup("leak.example.org", (e) => { tried.push(e ? e.code : "found"); r(); }));
        console.log(JSON.stringify({ tried, interfaces: Object.keys(require("node:os").networkInterfaces()) })); process.exit(0);
      })();`;
    const done = await script(text);
    const { tried, interfaces } = JSON.parse(done.stdout);
    expect(interfaces.sort()).toEqual(["lo", "sag0"]);
    expect(tried.filter((one: string) => /connected|found/.test(one))).toEqual([]);
    expect(heard).toEqual([]);
    tcp.close();
    udp.close();
  });

  it("no packet appears on the host's interfaces", async (context) => {
    needsProgram(context, "tcpdump");
    const capture = spawn("tcpdump", ["-i", "any", "-n", "-l", "-A", "-U", "host 198.51.100.7 or port 53"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let seen = "";
    capture.stdout.on("data", (text) => {
      seen += text;
    });
    await once(capture.stderr, "data");
    const probe = (name: string, port: number): string => `
      const s = require("node:dgram").createSocket("udp4"); s.on("error", () => {});
      s.send(${JSON.stringify(name)}, ${port}, "198.51.100.7", () => {});
      require("node:dns").resolve(${JSON.stringify(`${name}.example.org`)}, () => {});
      const c = require("node:net").connect(${port}, "198.51.100.7"); c.on("error", () => {});
      setTimeout(() => process.exit(0), 1000);`;
    await script(probe("isolated-probe", 7001));
    // Packets sent from outside are seen, so the capture works.
    await person.run([at("node_modules/.bin/node"), "-e", probe("outside-probe", 7002)]);
    await until("the packets from outside", () => seen.includes("outside-probe") && seen.includes("198.51.100.7.7002"));
    capture.kill("SIGTERM");
    expect(seen).not.toContain("isolated-probe");
    expect(seen).not.toContain("198.51.100.7.7001");
  });

  it("also when the tunnel ends meanwhile", async () => {
    const child = spawn(
      "nsenter",
      [
        ...enter().slice(1),
        ...ordinary,
        at("bin/sag"),
        "run",
        "--isolate",
        "--",
        "sh",
        "-c",
        "echo ready; read x; curl -sS --max-time 3 http://198.51.100.7/; echo $?",
      ],
      { env: person.env, stdio: ["pipe", "pipe", "ignore"] },
    );
    await once(child.stdout, "data");
    const pid = Number((await person.status()).pid);
    process.kill(pid, "SIGKILL");
    child.stdin.end("\n");
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(0);
    await person.connect();
  });
});

describe("the isolated command", () => {
  it("keeps its user, exit code, signals and standard descriptors", async () => {
    expect((await isolated("sh", "-c", "exit 7")).code).toBe(7);
    expect((await isolated("sh", "-c", "kill -TERM $$")).code).toBe(128 + 15);
    expect((await isolated("id", "-u")).stdout.trim()).toBe(`${uid}`);
    // The last one is the directory that the shell reads.
    const standard = [0, 1, 2, 3].map((fd) => `/proc/self/fd/${fd}`).join(" ");
    expect((await isolated("sh", "-c", "echo /proc/self/fd/*")).stdout).toBe(`${standard}\n`);
    const missing = await person.failure(["run", "--isolate", "no-such-program"]);
    expect(missing).toMatchObject({ cause: "not_found" });
  });

  it("has no capabilities and cannot get any", async () => {
    const { stdout } = await isolated("grep", "-E", "^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):", "/proc/self/status");
    const none = "0000000000000000";
    expect(
      Object.fromEntries(
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => line.split(":\t")),
      ),
    ).toEqual({
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: "1" },
    });
  });

  it("inherits only standard input, output and error, because a socket would bypass the tunnel", async () => {
    const server = createServer((socket) => {
      // A shell that exits without reading resets the connection.
      socket.on("error", () => socket.destroy());
      socket.end("outside\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const inherit = `exec 7</etc/passwd 251<>/dev/tcp/127.0.0.1/${port}; exec "$@"`;
    const look =
      "for fd in 3 7 9 251; do test ! -e /proc/self/fd/$fd || echo $fd; done; read -r text <&251 && echo $text";
    const done = await person.run([
      ...["bash", "-c", inherit, "bash", at("bin/sag"), "run", "--isolate", "--", "bash", "-c", look],
    ]);
    server.close();
    expect(done.stdout).toBe("");
  });

  it("keeps the terminal and receives Ctrl-C", async (context) => {
    needsProgram(context, "script");
    const command = [...enter(), ...ordinary, at("bin/sag"), "run", "--isolate", "--"];
    const terminal = new Terminal(
      [
        ...command,
        "sh",
        "-c",
        "trap 'echo caught; exit 5' INT; test -t 0 && echo is-a-tty; while :; do sleep 0.1; done",
      ],
      person.env,
    );
    await terminal.shows("is-a-tty");
    terminal.type("\u0003");
    await terminal.shows("caught");
    expect(await terminal.ended()).toBe(5);
  });

  it("reports what is missing where users may not create network namespaces", async () => {
    const none = new Person(person.env, (args) => [
      ...enter(),
      ...ordinary,
      ...[
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"',
        "sh",
      ],
      ...args,
    ]);
    const failure = await none.failure(["run", "--isolate", "--", "true"]);
    expect(failure).toMatchObject({ cause: "not_permitted", code: 53 });
    expect(failure.message).toContain("user.max_user_namespaces is 0");
  });
});
