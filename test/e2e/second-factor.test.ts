import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { fromBase32, hotp, stepAt, stepSeconds } from "../../cloud/security/totp.ts";
import { needsProgram } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** The account commands with the real cloud, in real time. */
const company = givenCompany();

/** An authenticator: the code of a step, relative to `base`. */
const authenticator = (secret: string, base: number) => (offset: number) => hotp(fromBase32(secret), base + offset);

/**
 * The current step, once enough of it is left for a few commands, because codes of neighbouring steps are accepted
 * too.
 */
const stepWithTime = async (seconds: number): Promise<number> => {
  const left = stepSeconds * 1_000 - (Date.now() % (stepSeconds * 1_000));
  if (left < seconds * 1_000) await delay(left);
  return stepAt(Date.now());
};

const user = (name: string): string[] => ["--user", name, "--password-stdin"];
const signIn = (name: string, ...more: string[]): string[] => [
  ...["sign-in", company.link, ...user(name), "--store", "file", ...more],
];
const lines = (...all: string[]): { stdin: string } => ({ stdin: all.map((line) => `${line}\n`).join("") });

describe("a second factor", () => {
  let password: string;
  let anna: Person;
  let code: (offset: number) => string;
  beforeAll(async () => {
    password = await company.site.createAccount("berta.test");
    anna = company.person("berta.test");
  });

  it("is enrolled with a code of the previous step; then a code is required, this step's is accepted, and no step twice", async () => {
    const base = await stepWithTime(6);
    const account = ["second-factor", "--link", company.link, ...user("berta.test")];
    const made = await anna.json<{ secret: string; uri: string }>(account, lines(password));
    expect(made.uri).toContain(made.secret);
    code = authenticator(made.secret, base);
    // Not active yet: signing in needs no code, and a wrong code does not confirm it.
    await anna.json(signIn("berta.test"), lines(password));
    const confirm = [...account, "--confirm", "--otp-stdin"];
    const wrong = await anna.failure(confirm, lines(password, code(40)));
    expect(wrong).toMatchObject({ cause: "second_factor_required", field: "otp", message: "That code is wrong." });
    expect(await anna.json(confirm, lines(password, code(-1)))).toEqual({ confirmed: true });

    const none = await anna.failure(signIn("berta.test"), lines(password));
    expect(none).toMatchObject({ cause: "second_factor_required", field: "otp", code: 21 });
    expect(none.message).toBe("A code from your authenticator is needed.");
    await anna.json(signIn("berta.test", "--otp-stdin"), lines(password, code(0)));
    const again = await anna.failure(signIn("berta.test", "--otp-stdin"), lines(password, code(0)));
    expect(again).toMatchObject({ cause: "second_factor_required", field: "otp" });
    expect(again.message).toContain("already been used");
    const former = await anna.failure(signIn("berta.test", "--otp-stdin"), lines(password, code(-1)));
    expect(former).toMatchObject({ cause: "second_factor_required", field: "otp" });
  });

  it("five wrong codes delay further attempts, but not those of a known device, which signs in with the next step's code", async () => {
    const stranger = company.person();
    for (let i = 0; i < 5; i++) {
      const wrong = await stranger.failure(signIn("berta.test", "--otp-stdin"), lines(password, code(50 + i)));
      expect(wrong).toMatchObject({ cause: "second_factor_required", message: "That code is wrong." });
    }
    // From now on each attempt has to wait, at first for 1 s, which may pass before the next attempt on a slow host.
    const slowed = await until("a wait", async () => {
      const failure = await stranger.failure(signIn("berta.test", "--otp-stdin"), lines(password, code(60)));
      return failure.cause === "too_many_attempts" && failure;
    });
    expect(slowed).toMatchObject({ code: 12, action: expect.stringMatching(/^Try again in \d+ s\.$/) });
    await anna.json(signIn("berta.test", "--otp-stdin"), lines(password, code(1)));
  });

  it("is asked for at a terminal, without echo, and again after a wrong code", async (context) => {
    needsProgram(context, "script");
    const secret = await givenAuthenticator("carla.test", anna);
    const base = await stepWithTime(4);
    const own = authenticator(secret.text, base);
    const args = ["sign-in", company.link, "--user", "carla.test", "--store", "file"];
    const terminal = new Terminal([at("bin/sag"), ...args], anna.env);
    await terminal.shows("Password of carla.test at");
    terminal.type(`${secret.password}\r`);
    await terminal.shows("Code from your authenticator: ");
    terminal.type(`${own(40)}\r`);
    await terminal.shows("That code is wrong.");
    await terminal.shows("Code from your authenticator: ");
    terminal.type(`${own(1)}\r`);
    await terminal.shows("Signed in to");
    expect(await terminal.ended()).toBe(0);
    for (const typed of [secret.password, own(40), own(1)]) expect(terminal.screen).not.toContain(typed);
  });

  it("where one is required, signing in at a terminal sets it up; a script gets an instruction", async (context) => {
    needsProgram(context, "script");
    await company.site.sagctl(["policy", "set", "--second-factor", "required"]);
    const own = await company.site.createAccount("dora.test");
    const dora = company.person("dora.test");
    const failure = await dora.failure(signIn("dora.test"), lines(own));
    expect(failure).toMatchObject({ cause: "second_factor_required", field: "second_factor" });
    expect(failure.message).toBe("A second factor is required, and you have not set one up yet.");
    expect(failure.action).toContain("sag second-factor");
    const terminal = new Terminal(
      [at("bin/sag"), "sign-in", company.link, "--user", "dora.test", "--store", "file"],
      dora.env,
    );
    await terminal.shows("Password of dora.test at");
    terminal.type(`${own}\r`);
    await terminal.shows("Code from your authenticator: ");
    const secret = /authenticator: ((?:[A-Z2-7]{4} ?){8})/.exec(terminal.screen)?.[1]?.replaceAll(" ", "") ?? "";
    terminal.type(`${authenticator(secret, stepAt(Date.now()))(0)}\r`);
    await terminal.shows("Signed in to");
    expect(await terminal.ended()).toBe(0);
    await company.site.sagctl(["policy", "set", "--second-factor", "optional"]);
  });
});

/** A person with an account and an authenticator whose last used step is the previous one. */
const givenAuthenticator = async (name: string, person: Person): Promise<{ text: string; password: string }> => {
  const password = await company.site.createAccount(name);
  const account = ["second-factor", "--link", company.link, ...user(name)];
  const { secret } = await person.json<{ secret: string }>(account, lines(password));
  const base = await stepWithTime(3);
  const stdin = lines(password, authenticator(secret, base)(-1));
  await person.json([...account, "--confirm", "--otp-stdin"], stdin);
  return { text: secret, password };
};

describe("a password", () => {
  it("that has to be changed is changed, and signing in continues with the new one", async () => {
    const given = "given-by-admin";
    const create = [
      "account",
      "create",
      "emil.test",
      "--mail",
      "emil@example.com",
      "--must-change",
      "--password-stdin",
    ];
    await company.site.sagctl(create, given);
    const emil = company.person("emil.test");
    const failure = await emil.failure(signIn("emil.test"), lines(given));
    expect(failure).toMatchObject({ cause: "password_change_required", code: 20 });
    expect(failure.action).toContain("sag password");
    const change = ["password", "--link", company.link, ...user("emil.test")];
    expect((await emil.failure(change, lines(given, "short"))).cause).toBe("invalid_argument");
    expect((await emil.failure(change, lines(given, given))).cause).toBe("invalid_argument");
    expect(await emil.json(change, lines(given, "chosen-by-emil"))).toEqual({ changed: true });
    await emil.json(signIn("emil.test"), lines("chosen-by-emil"));
  });

  it("can be changed: the old one is refused, other devices are signed out, this one is not", async () => {
    const old = await company.site.createAccount("fritz.test");
    const [here, there] = [company.person("fritz.test"), company.person("fritz.test")];
    for (const one of [here, there]) await one.json(signIn("fritz.test"), lines(old));
    const wrong = await here.failure(["password", "--password-stdin"], lines("not the password", "chosen-by-fritz"));
    expect(wrong.cause).toBe("bad_credentials");
    await here.json(["password", "--password-stdin"], lines(old, "chosen-by-fritz"));
    expect((await here.failure(signIn("fritz.test"), lines(old))).cause).toBe("bad_credentials");
    await here.json(["devices"]);
    expect((await there.failure(["devices"])).cause).toBe("sign_in_expired");
  });

  it("that is forgotten is reset with a mailed code; an unknown name gets the same answer", async () => {
    const old = await company.site.createAccount("gerda.test");
    const gerda = company.person("gerda.test");
    const forgotten = (name: string): string[] => [
      ...["password", "--forgotten", "--link", company.link, "--user", name],
    ];
    const [known, unknown] = [
      await gerda.sag([...forgotten("gerda.test"), "--json"]),
      await gerda.sag([...forgotten("nobody.test"), "--json"]),
    ];
    expect({ ...known, took: 0 }).toEqual({ ...unknown, took: 0 });
    expect(known).toMatchObject({ code: 0, stdout: '{"sent":true}\n' });
    const outbox = join(company.site.data, "outbox");
    const codes = (): string[] =>
      readdirSync(outbox)
        .filter((name) => name.endsWith(".eml"))
        .filter((name) => readFileSync(join(outbox, name), "utf8").includes("Subject: Your code"));
    const [mail = ""] = await until("a mail", () => {
      const names = codes();
      return names.length > 0 && names;
    });
    // One mail, because none is sent for unknown names.
    expect(codes()).toEqual([mail]);
    const text = readFileSync(join(outbox, mail), "utf8");
    expect(text).toMatch(/^To: gerda\.test@/m);
    const code = /^ {4}(\S+)\r$/m.exec(text)?.[1] ?? "";
    expect(code).toMatch(/^[A-Z0-9]{5}-[A-Z0-9]{5}$/);

    const reset = [...forgotten("gerda.test"), "--code-stdin"];
    const wrong = await gerda.failure(reset, lines("AAAAA-AAAAA", "chosen-by-gerda"));
    expect(wrong).toMatchObject({ cause: "bad_credentials", field: "code" });
    expect(wrong.message).toContain("This code is wrong or has expired");
    const ofNobody = await gerda.failure(
      [...forgotten("nobody.test"), "--code-stdin"],
      lines(code, "chosen-by-nobody"),
    );
    expect({ ...ofNobody, stderr: "" }).toEqual({ ...wrong, stderr: "" });
    // A code is valid only on the device that requested it.
    expect((await company.person().failure(reset, lines(code, "chosen-by-thief"))).cause).toBe("bad_credentials");
    expect(await gerda.json(reset, lines(code.toLowerCase(), "chosen-by-gerda"))).toEqual({ changed: true });
    expect((await gerda.failure(reset, lines(code, "chosen-again"))).cause).toBe("bad_credentials");
    expect((await gerda.failure(signIn("gerda.test"), lines(old))).cause).toBe("bad_credentials");
    await gerda.json(signIn("gerda.test"), lines("chosen-by-gerda"));
  });
});

describe("own devices and sessions", () => {
  it("are listed with the current one marked; ending one ends only that one", async () => {
    const password = await company.site.createAccount("hanna.test");
    const [here, there] = [company.person("hanna.test"), company.person("hanna.test")];
    for (const one of [here, there]) {
      await one.json(signIn("hanna.test"), lines(password));
      await one.connect();
    }
    interface Own {
      id: string;
      thisDevice: boolean;
      deviceName: string;
      addresses: string[];
    }
    const sessions = await here.json<Own[]>(["sessions"]);
    expect(sessions.map((one) => one.thisDevice).sort()).toEqual([false, true]);
    const { clientIp } = await here.status();
    expect(sessions.find((one) => one.thisDevice)?.addresses).toContain(clientIp);
    const other = sessions.find((one) => !one.thisDevice)?.id ?? "";
    expect(await here.json(["sessions", "--end", other])).toEqual({ ended: other });
    await until("its end", async () => (await there.status()).phase !== "connected");
    expect((await there.status()).message).toMatch(/^You ended this session from ./);
    expect((await here.status()).phase).toBe("connected");
    expect(await here.json<Own[]>(["sessions"])).toHaveLength(1);
    expect((await here.failure(["sessions", "--end", "0".repeat(32)])).cause).toBe("not_found");
    expect((await here.failure(["sessions", "--end", "x"])).cause).toBe("invalid_argument");

    // It is still signed in and may connect again, until its device is ended.
    await there.connect();
    const devices = await here.json<Own[]>(["devices"]);
    const theirs = devices.find((one) => !one.thisDevice)?.id ?? "";
    expect(devices).toHaveLength(2);
    await here.json(["devices", "--end", theirs]);
    await until("its end", async () => (await there.status()).phase !== "connected");
    const { phase, cause, message, action } = await there.status();
    expect({ phase, cause, message }).toEqual({
      phase: "signed_out",
      cause: "sign_in_expired",
      message: expect.stringMatching(/^You signed this computer out from ./),
    });
    expect(action).toMatch(/^Run: sag sign-in /);
    expect((await there.failure(["connect"])).cause).toBe("sign_in_expired");
    expect((await there.status()).cause).toBe("sign_in_expired");
    expect((await here.status()).phase).toBe("connected");
    await here.json(["sign-out"]);
  });
});

it("the published resources are listed, including those added while connected", async () => {
  const { site } = company;
  await site.sagctl(["resource", "add", "Wiki", "http://portal.trial.internal/"]);
  await site.sagctl(["resource", "add", "Build host", "build.trial.internal:2222", "--kind", "ssh"]);
  const { person } = await company.connected();
  const wiki = { name: "Wiki", kind: "web", address: "http://portal.trial.internal/" };
  expect(await person.json(["resources"])).toEqual([
    wiki,
    { name: "Build host", kind: "ssh", address: "build.trial.internal:2222" },
  ]);
  await site.sagctl(["resource", "remove", "Build host"]);
  await until("the change", async () => (await person.json<unknown[]>(["resources"])).length === 1);
  expect(await person.json(["resources"])).toEqual([wiki]);
});
