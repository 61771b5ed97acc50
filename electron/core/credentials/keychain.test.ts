import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { needsProgram } from "../../../test/harness/needs.ts";

const home = mkdtempSync(join(tmpdir(), "sag-keyring-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs code with `keychain` in a separate process; returns what it printed. */
const program = (code: string): string => `
  import { openKeychain } from ${JSON.stringify(fileURLToPath(new URL("./keychain.ts", import.meta.url)))};
  import { Secret } from ${JSON.stringify(fileURLToPath(new URL("./secret.ts", import.meta.url)))};
  const keychain = openKeychain();
  const tokens = { refreshToken: new Secret("planted-refresh"), accessToken: new Secret("planted-access"), accessUntil: 5 };
  const report = async (work) => { try { console.log(JSON.stringify(await work) ?? "done"); } catch (thrown) { console.log(thrown.code); } };
  ${code}
`;

const environment = { HOME: home, PATH: process.env.PATH, XDG_RUNTIME_DIR: home };

const run = (code: string, daemon: string | null): string[] => {
  const node = [process.execPath, "--input-type=module", "--eval", program(code)];
  const [file, ...args] =
    daemon === null
      ? node
      : ["dbus-run-session", "--", "sh", "-c", `${daemon} >/dev/null 2>&1; exec "$@"`, "sh", ...node];
  const stdout = execFileSync(file ?? "", args, {
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 20_000,
  });
  return stdout.trim().split("\n");
};

const unlocked = "echo secret | gnome-keyring-daemon --unlock --components=secrets --daemonize";
const locked = "gnome-keyring-daemon --start --components=secrets --daemonize";

describe("keychain", () => {
  it("fails without a Secret Service and never uses the kernel's keyring", () => {
    expect(run("await report(keychain.check()); await report(keychain.read('abcd'));", null)).toEqual([
      "keychain_unavailable",
      "keychain_unavailable",
    ]);
  });

  it("stores, reads and deletes; reports that it is locked without losing entries", (context) => {
    needsProgram(context, "dbus-run-session", "gnome-keyring-daemon");
    const first = run(
      `await keychain.check();
       await report(keychain.read('abcd'));
       await keychain.write('abcd', tokens);
       const kept = await keychain.read('abcd');
       console.log(kept.refreshToken.reveal(), String(kept.refreshToken), kept.accessUntil);`,
      unlocked,
    );
    expect(first).toEqual(["null", "planted-refresh [redacted] 5"]);
    const all = "for (const one of ['check', 'read', 'write']) await report(keychain[one]('abcd', tokens));";
    expect(run(all, locked)).toEqual(["keychain_locked", "keychain_locked", "keychain_locked"]);
    // Several checks at once, whichever of them deletes the entry first.
    const several = "await report(Promise.all([keychain.check(), keychain.check(), keychain.check()]));";
    expect(run(several, unlocked)).toEqual(["[null,null,null]"]);
    const atOnce = "await Promise.all([1, 2, 3].map(() => report(keychain.read('abcd'))));";
    expect(run(atOnce, locked)).toEqual(["keychain_locked", "keychain_locked", "keychain_locked"]);
    const again = run(
      `console.log((await keychain.read('abcd')).refreshToken.reveal());
       await keychain.remove('abcd');
       await report(keychain.read('abcd'));`,
      unlocked,
    );
    expect(again).toEqual(["planted-refresh", "null"]);
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    for (const one of files) expect(readFileSync(join(one.parentPath, one.name), "latin1")).not.toContain("planted");
  });
});
