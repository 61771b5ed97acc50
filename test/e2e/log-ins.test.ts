import { type ChildProcess, spawn } from "node:child_process";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot, notRunHere } from "../harness/needs.ts";
import { Person, type Seen } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { processesOf, runtimeOf } from "../harness/workspace.ts";
import { givenCompany } from "./fixture.ts";

/**
 * One person in several environments: a login session that ends, cron, su and sudo, and damaged settings or runtime
 * directories. In all of them connecting works, there is one tunnel, and every command finds it.
 */
const company = givenCompany({ ordinary: true });
const { PATH } = process.env;
let person: Person;
let count = 0;

/** The environment of a cron job. */
const bare = (of: Person): Person => new Person({ HOME: of.env.HOME, PATH, LOGNAME: "anna", SHELL: "/bin/sh" });
/** Without XDG variables, so that programs find the settings where cron jobs do. */
const plainHome = (name: string): NodeJS.ProcessEnv => {
  const { XDG_CONFIG_HOME: _, XDG_STATE_HOME: __, XDG_CACHE_HOME: ___, ...env } = company.workspace.home(name);
  return env;
};
const tunnels = (of: Person): number[] =>
  processesOf(`${of.env.HOME}`)
    .filter(({ command }) => command.includes("sag-tunnel proxy"))
    .map(({ pid }) => pid);
const works = async (of: Person, { socks }: Seen): Promise<void> => {
  const done = await of.run(["curl", "-sS", "--max-time", "10", "--socks5-hostname", `${socks}`, portalUrl]);
  expect(done.stdout, done.stderr).toContain(portalText);
};
/** Checks that there is one tunnel, found by all of these people, and that the last one can end it. */
const isOne = async (pid: number | null, ...people: Person[]): Promise<void> => {
  for (const one of people) {
    const seen = await one.status();
    expect(seen).toMatchObject({ phase: "connected", pid });
    expect((await one.connect()).pid).toBe(pid);
    await works(one, seen);
  }
  const all = (): number[] => [...new Set(people.flatMap(tunnels))];
  expect(all()).toEqual([pid]);
  await people.at(-1)?.disconnect();
  for (const one of people) expect((await one.status()).phase).toBe("disconnected");
  await until("its end", () => all().length === 0);
};

beforeEach(async () => {
  count += 1;
  person = new Person(plainHome(`p${count}`));
  await person.signIn(company.link, userName, company.password);
});
afterEach(async () => {
  for (const pid of tunnels(person)) process.kill(pid, "SIGKILL");
});

describe("login sessions", () => {
  it("a tunnel survives logging out, when systemd-logind removes the runtime directory", async () => {
    const { pid } = await person.connect();
    rmSync(`${person.env.XDG_RUNTIME_DIR}`, { recursive: true });
    await isOne(pid, person, bare(person), person);
  });

  it("a cron job finds the tunnel of a login session, and vice versa", async () => {
    const first = await person.connect();
    await isOne(first.pid, person, bare(person));
    const second = await bare(person).connect();
    await isOne(second.pid, bare(person), person);
  });

  it("two concurrent connects from two environments result in one tunnel", async () => {
    const [one, other] = await Promise.all([person.connect(), bare(person).connect()]);
    expect(one.pid).toBe(other.pid);
    await isOne(one.pid, person, bare(person));
  });

  it("a tunnel that an earlier version started in XDG_RUNTIME_DIR is found", async () => {
    const [record] = JSON.parse(
      readFileSync(join(`${person.env.HOME}`, ".config/sag/settings.json"), "utf8"),
    ).intranets;
    const dir = join(`${person.env.XDG_RUNTIME_DIR}`, "sag", record.id);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(join(dir, ".."), 0o700);
    const former = spawn(at("bin/sag-tunnel"), ["proxy", "--dir", dir, "--intranet", record.id], { stdio: "ignore" });
    await until("its socket", () => existsSync(join(dir, "rpc.sock")));
    const seen = await person.connect();
    expect(seen.pid).toBe(former.pid);
    await works(person, seen);
    expect(await person.status()).toMatchObject({ phase: "connected", pid: former.pid });
    await person.disconnect();
    await until("its end", () => former.exitCode !== null);
    const next = await person.connect();
    expect(existsSync(join(runtimeOf(person.env), record.id, "rpc.sock"))).toBe(true);
    await isOne(next.pid, person);
  });
});

describe("su and sudo", () => {
  const uid = 54_321;
  let alice: Person;
  const as = (id: number) => (args: string[]) => [
    "setpriv",
    "--reuid",
    `${id}`,
    "--regid",
    `${id}`,
    "--clear-groups",
    ...args,
  ];
  beforeEach(async (context) => {
    needsRoot(context);
    needsProgram(context, "setpriv", "unshare");
    for (const folder of at("bin/sag")
      .split("/")
      .map((_, index, all) => all.slice(0, index).join("/") || "/")) {
      accessSync(folder, constants.X_OK);
      if ((statSync(folder).mode & 0o001) === 0)
        notRunHere(context, `a checkout that others can enter, and not ${folder}`);
    }
    chmodSync(company.workspace.dir, 0o711);
    const env = plainHome(`alice${count}`);
    await must(["chown", "-R", `${uid}:${uid}`, `${env.HOME}`]);
    alice = new Person(env, as(uid));
    await alice.signIn(company.link, userName, company.password);
  });
  afterEach(async () => {
    for (const pid of tunnels(alice)) process.kill(pid, "SIGKILL");
  });

  /** A command line of another user, on a host whose user database has alice. */
  const withAliceKnown = (id: number, env: NodeJS.ProcessEnv): Person => {
    const passwd = join(company.workspace.dir, "passwd");
    const entries = [
      `root:x:0:0::${join(company.workspace.dir, "root")}:/bin/sh`,
      `alice:x:${uid}:${uid}::${alice.env.HOME}:/bin/sh`,
    ];
    writeFileSync(passwd, `${entries.join("\n")}\n`);
    mkdirSync(join(company.workspace.dir, "root"), { recursive: true, mode: 0o700 });
    const script = `mount --bind ${passwd} /etc/passwd && exec "$@"`;
    return new Person(env, (args) => ["unshare", "--mount", "sh", "-c", script, "sh", ...as(id)(args)]);
  };

  it("`su alice` with the environment of root finds alice's tunnel", async () => {
    const { pid } = await alice.connect();
    const su = withAliceKnown(uid, { PATH, HOME: "/root", XDG_RUNTIME_DIR: "/run/user/0", LOGNAME: "root" });
    await isOne(pid, alice, su);
    const next = await su.connect();
    await isOne(next.pid, su, alice);
  });

  it("`sudo` with alice's HOME leaves no files of root in alice's directories", async () => {
    await alice.connect();
    const { XDG_RUNTIME_DIR } = alice.env;
    const home = `${alice.env.HOME}`;
    const extras = {
      XDG_CACHE_HOME: join(home, "c"),
      XDG_STATE_HOME: join(home, "s"),
      XDG_CONFIG_HOME: join(home, ".config"),
    };
    for (const extra of [{}, extras]) {
      const sudo = withAliceKnown(0, { PATH, HOME: home, XDG_RUNTIME_DIR, SUDO_USER: "alice", ...extra });
      expect(await sudo.json(["status"])).toEqual([]);
      await sudo.signIn(company.link, userName, company.password);
      await sudo.disconnect();
      await sudo.json(["sign-out", "--forget"]);
    }
    const foreign = readdirSync(home, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => existsSync(path) && statSync(path).uid !== uid);
    expect(foreign).toEqual([]);
    expect((await alice.status()).phase).toBe("connected");
    await alice.disconnect();
  });
});

describe("damaged settings", () => {
  const path = (): string => join(`${person.env.HOME}`, ".config/sag/settings.json");
  it.each<[string, () => void]>([
    ["cut in the middle", () => truncateSync(path(), Math.floor(statSync(path()).size / 2))],
    ["empty", () => truncateSync(path(), 0)],
    ["of zeros, as after a power cut", () => writeFileSync(path(), Buffer.alloc(4096))],
    ["of another shape", () => writeFileSync(path(), "[]")],
    ["gone", () => rmSync(path())],
  ])("%s: the tunnel is shown, can be ended, and is used by a new sign-in", async (what, damage) => {
    const before = await person.connect("--socks", "127.0.0.1:0");
    damage();
    const status = await person.sag(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject([
      { phase: "connected", pid: before.pid, intranet: before.intranet },
    ]);
    if (what !== "gone") {
      expect(status.stderr).toContain("settings.json.damaged");
      expect(existsSync(`${path()}.damaged`)).toBe(true);
    }
    await person.signIn(company.link, userName, company.password);
    expect(tunnels(person)).toEqual([before.pid]);
    // A second damaged file does not replace the first copy.
    if (what !== "gone") {
      writeFileSync(path(), "{");
      await person.status();
      expect(existsSync(`${path()}.damaged-2`)).toBe(true);
    }
    await isOne(before.pid, person, bare(person));
  });

  it("several concurrent commands move the file aside only once", async () => {
    const { pid } = await person.connect();
    writeFileSync(path(), "{");
    const all = await Promise.all(Array.from({ length: 6 }, () => person.sag(["status", "--json"])));
    for (const one of all) expect(JSON.parse(one.stdout)).toMatchObject([{ phase: "connected", pid }]);
    expect(readdirSync(join(path(), "..")).filter((name) => name.includes("damaged"))).toEqual([
      "settings.json.damaged",
    ]);
    await isOne(pid, person);
  });
});

describe("a full runtime directory", () => {
  let keeper: ChildProcess | undefined;
  afterEach(() => {
    keeper?.kill("SIGKILL");
    keeper = undefined;
  });
  /** The person in a mount namespace with a small file system at `folder`, after `fill` was run. */
  const within = async (folder: string, options: string, fill: string): Promise<Person> => {
    mkdirSync(folder, { recursive: true });
    keeper = spawn("unshare", ["--mount", "sleep", "3600"], { stdio: "ignore" });
    const { pid } = keeper;
    const own = (name: string): string => `${statSync(`/proc/${name}/ns/mnt`).ino}`;
    await until(
      "a mount namespace",
      () => own(`${pid}`) !== own("self") && readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n",
    );
    const enter = ["nsenter", "--mount", "--target", `${pid}`, "--"];
    await must([
      ...enter,
      "sh",
      "-c",
      `mount -t tmpfs -o mode=0700,${options} none ${folder} && cd ${folder} && ${fill}`,
    ]);
    return new Person(person.env, (args) => [...enter, ...args]);
  };
  const runs = (): string => join(`${person.env.HOME}`, ".local/state/sag/run");

  it.each([
    ["no free inodes", "nr_inodes=2", "touch x || true"],
    ["no free space", "size=16k", "mkdir -p $(basename $OLDPWD) && dd if=/dev/zero of=fill 2>/dev/null || true"],
  ])("%s: connects with a warning; every command finds the tunnel", async (_, options, fill) => {
    const full = await within(runs(), options, fill);
    const seen = await full.connect();
    await works(full, seen);
    const warned = (await full.status()).warnings.map((one) => one.code);
    if (options.startsWith("size")) expect(warned).toContain("session_not_saved");
    await isOne(
      seen.pid,
      full,
      new Person(bare(person).env, (args) => ["nsenter", "--mount", "--target", `${keeper?.pid}`, "--", ...args]),
    );
  });

  it("a full state directory: connecting still works", async () => {
    const state = join(`${person.env.HOME}`, ".local/state/sag");
    const saved = join(`${person.env.HOME}`, "saved");
    await must(["cp", "-a", state, saved]);
    const full = await within(
      state,
      "size=64k",
      `cp -a ${saved}/. . && rm -rf log run && dd if=/dev/zero of=fill 2>/dev/null || true`,
    );
    const seen = await full.connect();
    await works(full, seen);
    await isOne(seen.pid, full);
  });

  beforeEach((context) => {
    needsRoot(context);
    needsProgram(context, "unshare", "nsenter");
  });
});

it("a directory of another user in place of the user's own does not prevent connecting", async (context) => {
  needsRoot(context);
  needsProgram(context, "setpriv");
  const uid = 54_322;
  chmodSync(company.workspace.dir, 0o711);
  // A user without a home, for whom another user has created the predictable directory in /tmp.
  const nobody = new Person({ PATH, HOME: "/nonexistent" }, (args) => [
    "setpriv",
    "--reuid",
    `${uid}`,
    "--clear-groups",
    ...args,
  ]);
  const made = (): string[] => readdirSync("/tmp").filter((name) => name.startsWith(`sag-${uid}-`));
  try {
    await nobody.sag(["status"]);
    const [first] = made();
    expect(first).toBeDefined();
    chownSync(`/tmp/${first}`, 54_323, 54_323);
    const done = await nobody.sag(["status", "--json"]);
    expect({ code: done.code, stdout: done.stdout }).toEqual({ code: 0, stdout: "[]\n" });
    expect(made()).toHaveLength(2);
  } finally {
    for (const name of made()) rmSync(`/tmp/${name}`, { recursive: true, force: true });
  }
});
