import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromBase32, hotp, stepAt, stepSeconds } from "../../cloud/security/totp.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person, Seen } from "../harness/person.ts";
import { logsIn } from "../harness/processes.ts";
import { until } from "../harness/wait.ts";
import { runtimeOf } from "../harness/workspace.ts";
import { givenCompany } from "./fixture.ts";

/**
 * Plants secrets and then searches for them: in all output, in logs and core dumps, in files, and in the arguments
 * and environment of every process on the host while the test runs.
 */
const company = givenCompany();
let person: Person;
const name = "planted.person";
const passwords = ["planted-password-one", "planted-password-two", "planted-password-bad"] as const;

/** The planted secrets, by name. */
const secrets = new Map<string, string>();
const plant = (what: string, value: string): string => {
  expect(value.length, what).toBeGreaterThan(5);
  secrets.set(value, what);
  return value;
};
for (const [index, password] of passwords.entries()) plant(`password ${index + 1}`, password);

/**
 * The only files that may contain secrets, readable only for their owner, and which ones. Databases are not searched
 * for numeric codes, which random bytes may contain.
 */
const homes: { path: RegExp; holds: RegExp; why: string }[] = [
  { path: /\/sag\/credentials\/\w+\.json$/, holds: /^(refresh|access) token$/, why: "the sign-in, by --store file" },
  { path: /\/sag\/run\/\w+\/\w+\/session$/, holds: /^session token$/, why: "so that a killed sag-tunnel resumes" },
  { path: /^cloud\/cloud\.db(-wal)?$/, holds: /^(TOTP secret|code)$/, why: "a code is made from it: no hash will do" },
  { path: /^cloud\/keys\.db(-wal)?$/, holds: /^(pre-shared key|code)$/, why: "for as long as the lease" },
  { path: /^access-point-1\/wireguard\.key$/, holds: /^WireGuard key$/, why: "an access point keeps its identity" },
  { path: /^access-point-1\/identity\.json$/, holds: /^access point's token$/, why: "by which the cloud knows it" },
  { path: /^cloud\/outbox\/.*\.eml$/, holds: /^code by mail$/, why: "it is the mail" },
];

/** Files in which a secret was found. If none is found where it has to be, the search does not work. */
const visited = new Set<(typeof homes)[number]>();

/** The encodings in which a secret may appear. */
const forms = (secret: string): RegExp[] => {
  // Six digits occur within many numbers, so a code has to stand alone.
  if (/^\d{6}$/.test(secret)) return [new RegExp(`(?<![\\d.])${secret}(?!\\d)`)];
  const bytes = Buffer.from(secret, "latin1");
  const texts = [
    secret,
    encodeURIComponent(secret),
    bytes.toString("hex"),
    bytes.toString("base64").replace(/=+$/, ""),
  ];
  return texts.map((text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
};

/** The secrets that a text contains. */
const foundIn = (text: string): string[] =>
  [...secrets].filter(([secret]) => forms(secret).some((form) => form.test(text))).map(([, what]) => what);

const outputs: string[] = [];
/** Runs a command and keeps its output for the search. */
const sag = async (args: string[], ...lines: string[]): Promise<{ code: number; stdout: string }> => {
  const done = await person.sag(args, { stdin: lines.map((line) => `${line}\n`).join("") });
  outputs.push(`sag ${args.join(" ")}\n${done.stdout}\n${done.stderr}`);
  return done;
};

/** All processes of the host. New ones are read several times, because exec may change their arguments. */
const processes = new Set<string>();
const seen = new Map<string, number>();
let looks = 0;
const look = (): void => {
  looks += 1;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && (seen.get(entry) ?? 0) < 10)) {
    seen.set(pid, (seen.get(pid) ?? 0) + 1);
    for (const what of ["cmdline", "environ"]) {
      try {
        processes.add(readFileSync(`/proc/${pid}/${what}`, "latin1"));
      } catch {
        // It has ended, or is not readable.
      }
    }
  }
};
const timer = setInterval(look, 40);
afterAll(() => clearInterval(timer));

/** All files of this company and its people that contain secrets they must not contain. */
const filesWithSecrets = (): string[] => {
  const { dir } = company.workspace;
  const all = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(all.length).toBeGreaterThan(20);
  return all.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const place = relative(dir, path);
    const home = homes.find((one) => one.path.test(place));
    const found = foundIn(readFileSync(path, "latin1"));
    if (home && found.length > 0) visited.add(home);
    if (home && found.length > 0 && (statSync(path).mode & 0o077) !== 0) return [`${place} can be read by others`];
    return found.filter((what) => !home?.holds.test(what)).map((what) => `${place}: ${what}`);
  });
};

const plantTokens = (): void => {
  const folder = join(`${person.env.XDG_STATE_HOME}`, "sag", "credentials");
  for (const file of readdirSync(folder)) {
    const kept = JSON.parse(readFileSync(join(folder, file), "utf8"));
    plant("refresh token", kept.refresh);
    plant("access token", kept.access);
  }
};

const plantSession = (): void => {
  const runtime = runtimeOf(person.env);
  const file = readdirSync(runtime)
    .map((id) => join(runtime, id, "session"))
    .find(existsSync);
  plant("session token", `${Object.values(JSON.parse(readFileSync(`${file}`, "utf8"))).find(isToken)}`);
  const keys = new DatabaseSync(join(company.site.data, "keys.db"), { readOnly: true });
  for (const { value } of keys.prepare("select value from preshared_key").all() as { value: Uint8Array }[]) {
    // The raw bytes; base64 and hexadecimal are covered by the searched forms.
    plant("pre-shared key", Buffer.from(value).toString("latin1"));
  }
  keys.close();
};
const isToken = (value: unknown): boolean => typeof value === "string" && /^s[a-z]+_/.test(value);

let code: (offset: number) => string;
beforeAll(async () => {
  person = company.person(name);
  const make = ["account", "create", name, "--mail", "planted@example.com", "--password-stdin"];
  await company.site.sagctl(make, passwords[0]);
  const kept = (file: string): string => readFileSync(join(company.workspace.dir, "access-point-1", file), "utf8");
  plant("WireGuard key", kept("wireguard.key").trim());
  plant("access point's token", JSON.parse(kept("identity.json")).token);
});

it("no secret is found after signing in, connecting, failing, crashing and signing out", async () => {
  const account = ["--link", company.link, "--user", name];
  // The only output that has to show a secret; it is not searched.
  const enrol = ["second-factor", ...account, "--password-stdin", "--json"];
  const made = JSON.parse((await person.sag(enrol, { stdin: `${passwords[0]}\n` })).stdout);
  const text = plant("TOTP secret", made.secret);
  const left = stepSeconds * 1_000 - (Date.now() % (stepSeconds * 1_000));
  if (left < 4_000) await new Promise((resolve) => setTimeout(resolve, left));
  const base = stepAt(Date.now());
  code = (offset) => plant("code", hotp(fromBase32(text), base + offset));
  const confirm = ["second-factor", ...account, "--confirm", "--password-stdin", "--otp-stdin"];
  expect((await sag(confirm, passwords[0], code(-1))).code).toBe(0);

  const forgotten = ["password", "--forgotten", ...account];
  expect((await sag(forgotten)).code).toBe(0);
  const outbox = join(company.site.data, "outbox");
  const isCode = (file: string): boolean => readFileSync(join(outbox, file), "utf8").includes("Subject: Your code");
  const mails = (): string[] =>
    existsSync(outbox) ? readdirSync(outbox).filter((file) => file.endsWith(".eml") && isCode(file)) : [];
  const [mail] = await until("a mail", () => mails().length > 0 && mails());
  const byMail = /^ {4}(\S+)\r$/m.exec(readFileSync(join(outbox, `${mail}`), "utf8"))?.[1] ?? "";
  expect((await sag([...forgotten, "--code-stdin"], plant("code by mail", byMail), passwords[1])).code).toBe(0);

  const signIn = ["sign-in", company.link, "--user", name, "--password-stdin", "--otp-stdin", "--store", "file"];
  expect((await sag(signIn, passwords[2], code(5))).code).toBe(10);
  expect((await sag(signIn, passwords[1], code(6))).code).toBe(21);
  expect((await sag(signIn, passwords[1], code(0))).code).toBe(0);
  plantTokens();
  const connect = async (): Promise<Seen> => JSON.parse((await sag(["connect", "--json"])).stdout);
  const first = await connect();
  plantSession();
  expect((await fetchBySocks(`${first.socks}`, portalUrl)).text).toContain(portalText);
  for (const args of [
    ["run", "env"],
    ["status"],
    ["proxy"],
    ["sessions"],
    ["devices"],
    ["ping", "10.77.0.1", "--count", "1"],
  ])
    await sag(args);

  // On SIGQUIT the Go runtime dumps all goroutines, as in a crash.
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    process.kill(Number((await person.status()).pid), signal);
    await until("the crash to be reported", async () => (await person.status()).cause === "tunnel_crashed");
    expect((await connect()).phase).toBe("connected");
    plantTokens();
    plantSession();
  }
  expect(filesWithSecrets()).toEqual([]);

  const accessPoint = company.site.accessPoints[0];
  process.kill(Number(accessPoint?.pid), "SIGQUIT");
  process.kill(company.site.cloud.pid, "SIGABRT");
  await Promise.all([accessPoint?.ended, company.site.cloud.ended]);
  await sag(["connect", "--timeout", "1s"]);
  await sag(["devices"]);
  await sag(["status"]);
  await sag(["disconnect"]);
  await sag(["sign-out"]);
  await sag(["logs", "--lines", "100000"]);

  const crashed = company.workspace.logs;
  expect(readFileSync(join(crashed, "access-point-1.log"), "utf8")).toContain("SIGQUIT");
  const trail = person.logs().map((path) => readFileSync(path, "utf8"));
  expect(trail.join("")).toContain("SIGQUIT");
  expect(filesWithSecrets()).toEqual([]);
  expect(outputs.length).toBeGreaterThan(15);
  expect(outputs.filter((text) => foundIn(text).length > 0)).toEqual([]);
  expect(looks).toBeGreaterThan(50);
  expect([...processes].filter((text) => foundIn(text).length > 0)).toEqual([]);
  expect(homes.filter((home) => !visited.has(home))).toEqual([]);
  // The keys of sag-tunnel exist only in its memory, so nothing in the logs may look like a key.
  const logs = [...person.logs(), ...logsIn(company.workspace.logs)].map((path) => readFileSync(path, "utf8"));
  expect([...outputs, ...logs].filter((text) => /(?<![\w+/])[\w+/]{43}=/.test(text))).toEqual([]);
}, 60_000);
