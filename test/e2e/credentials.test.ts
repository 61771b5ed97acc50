import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { failureView } from "../../electron/core/causes/failure.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram } from "../harness/needs.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import { Person, type Seen } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/wait.ts";
import { processesOf, runtimeOf } from "../harness/workspace.ts";
import { givenCompany } from "./fixture.ts";

/** Storing sign-ins: on a server without a keychain, and in a real keychain that may be locked. */
const company = givenCompany();

/**
 * The environment of a service or a cron job: no bus, no display, no keyring, and of XDG only what the test needs.
 */
const bareEnvironment = (name: string): NodeJS.ProcessEnv => {
  const { HOME, PATH, XDG_RUNTIME_DIR } = company.workspace.home(name);
  return { HOME, PATH, XDG_RUNTIME_DIR };
};
const signIn = (...more: string[]): string[] => ["sign-in", company.link, "--user", userName, ...more];

describe("a server without bus, display and keyring", () => {
  let env: NodeJS.ProcessEnv;
  let person: Person;
  beforeAll(() => {
    env = bareEnvironment("headless");
    person = new Person(env);
  });

  it("reports the missing keychain, and what to do, before asking for anything at a terminal", async (context) => {
    needsProgram(context, "script");
    const terminal = new Terminal([at("bin/sag"), "sign-in", company.link], env);
    await terminal.shows(failureView("keychain_unavailable").message);
    await terminal.shows("--store file");
    expect(await terminal.ended()).toBe(58);
    expect(terminal.screen).not.toMatch(/user name|password of/i);
  });

  it("reports a wrong password before the missing keychain, and stores no sign-in", async () => {
    expect((await person.failure(signIn("--password-stdin"), { stdin: "wrong" })).cause).toBe("bad_credentials");
    const failure = await person.failure(signIn("--password-stdin"), { stdin: company.password });
    expect(failure).toMatchObject({ cause: "keychain_unavailable", code: 58 });
    expect(failure.action).toContain("--store file");
    expect(await person.json(["status"])).toEqual([]);
  });

  it("signs in with --store file, which prints a warning, and reconnects after a reboot without a password", async () => {
    const refused = await person.sag(signIn("--password-stdin", "--store", "file"), { stdin: "wrong" });
    expect(refused.stderr).not.toContain("saved in a file");
    const signedIn = await person.sag(signIn("--password-stdin", "--store", "file"), { stdin: company.password });
    expect(signedIn.code, signedIn.stderr).toBe(0);
    expect(signedIn.stderr).toContain("in a file that only this user can read, not in a keychain");
    const before = await person.connect();
    expect((await fetchBySocks(`${before.socks}`, portalUrl)).text).toContain(portalText);

    await reboot(env);
    expect(await person.status()).toMatchObject({ phase: "disconnected", cause: null });
    const after = await person.connect();
    expect(after).toMatchObject({ socks: before.socks, http: before.http, pac: before.pac, clientIp: before.clientIp });
    expect((await fetchBySocks(`${after.socks}`, portalUrl)).text).toContain(portalText);
    const [{ intranetId } = { intranetId: "" }] = await person.json<{ intranetId: string }[]>(["intranets"]);
    const kept = join(`${env.HOME}`, ".local/state/sag/credentials", `${intranetId}.json`);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept, "utf8")).not.toContain(company.password);
    await person.disconnect();
  });

  it("connects with a password from standard input and stores nothing", async () => {
    const [bare, stdin] = [bareEnvironment("once"), company.password];
    const once = new Person(bare);
    const seen = await once.json<Seen>(["connect", company.link, "--user", userName, "--password-stdin"], { stdin });
    expect(seen.phase).toBe("connected");
    await reboot(bare);
    expect(await once.failure(["connect"])).toMatchObject({ cause: "sign_in_expired", code: 18 });
  });
});

/** Kills all processes of a person and removes what a reboot would remove. */
const reboot = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const own = (): { pid: number }[] => processesOf(`${env.HOME}`);
  expect(own().length).toBeGreaterThan(0);
  for (const { pid } of own()) process.kill(pid, "SIGKILL");
  await until("their end", () => own().length === 0);
  rmSync(runtimeOf(env), { recursive: true });
};

describe("a real gnome-keyring", () => {
  beforeEach((context) => needsProgram(context, "dbus-run-session", "gnome-keyring-daemon"));
  const unlocked = "echo 'of the keyring' | gnome-keyring-daemon --unlock --components=secrets --daemonize";
  const locked = "gnome-keyring-daemon --start --components=secrets --daemonize";
  /** A person whose commands run one after the other in their own desktop session. */
  const inSession = (env: NodeJS.ProcessEnv, daemon: string): Person =>
    new Person(env, (args) => [
      ...["dbus-run-session", "--", "sh", "-c", `${daemon} > /dev/null 2>&1; "$@"`, "sh"],
      ...args,
    ]);

  it("stores the sign-in; reports that it is locked, and has everything again once unlocked", async () => {
    const env = bareEnvironment("desktop");
    const [open, shut] = [inSession(env, unlocked), inSession(env, locked)];
    await open.json(signIn("--password-stdin"), { stdin: company.password });
    expect((await open.connect()).phase).toBe("connected");
    await open.disconnect();

    for (const args of [["connect"], ["devices"], signIn("--password-stdin")]) {
      const failure = await shut.failure(args, { stdin: company.password });
      expect(failure, args[0]).toMatchObject({ cause: "keychain_locked", code: 59 });
      expect(failure.action).toContain("Unlock it");
    }
    expect(await shut.json(["intranets"])).toMatchObject([{ signedIn: true, store: "keychain" }]);
    expect(await shut.status()).toMatchObject({ phase: "failed", cause: "keychain_locked" });
    expect((await open.connect()).phase).toBe("connected");

    // Using and ending a connection takes no keychain.
    expect((await shut.status()).phase).toBe("connected");
    expect((await shut.disconnect()).phase).toBe("disconnected");
    expect((await open.connect()).phase).toBe("connected");
    await open.json(["sign-out"]);
  });

  it("does not keep a command alive that waits for its prompt: Ctrl-C ends it", async () => {
    const env = bareEnvironment("patient");
    await inSession(env, unlocked).json(signIn("--password-stdin"), { stdin: company.password });
    // Replaces the prompter by one that waits.
    const services = join(`${env.XDG_RUNTIME_DIR}`, "dbus-1/services");
    const asked = join(`${env.HOME}`, "asked");
    const prompter = "org.gnome.keyring.SystemPrompter";
    mkdirSync(services, { recursive: true });
    const exec = `/bin/sh -c "touch ${asked}; exec sleep 15 > /dev/null 2>&1"`;
    writeFileSync(join(services, `${prompter}.service`), `[D-BUS Service]\nName=${prompter}\nExec=${exec}\n`);
    const interrupt = `"$@" & while ! [ -e ${asked} ] && kill -0 $!; do sleep 0.05; done; kill -INT $!; wait $!; exit $?`;
    const done = await inSession(env, locked).run(["sh", "-c", interrupt, "sh", at("bin/sag"), "connect", "--json"], {
      limit: 10_000,
    });
    expect(done.code, done.stderr).toBe(130);
    expect(JSON.parse(done.stdout).message).toBe("Interrupted.");
  });
});
