import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { waitFor } from "../standin/host.ts";
import { type App, launch } from "./launch.ts";

/** Limit from the signal to the end of the app and its browser, ms. */
const limit = 3_000;

const id = "contoso01";
const workspace = createWorkspace("keychain");
const home = workspace.home("person") as Record<string, string>;
let app: App | undefined;
/** Ending the bus ends everything that was started through it. */
let bus: number | undefined;
afterEach(async () => {
  if (bus) process.kill(bus);
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

/** Writes the settings of a signed-in user. */
const signedIn = (): void => {
  const record = { id, name: "contoso", displayName: "Contoso", server: "127.0.0.1:9", code: "CT7X2", user: "anna" };
  const folder = join(`${home.XDG_CONFIG_HOME}`, "sag");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = { version: 1, intranets: [{ ...record, pins: [], store: "keychain", signedIn: true }] };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
  const program = `
    import { openKeychain } from ${JSON.stringify(at("electron/core/credentials/keychain.ts"))};
    import { Secret } from ${JSON.stringify(at("electron/core/credentials/secret.ts"))};
    await openKeychain().write("${id}", { refreshToken: new Secret("r"), accessToken: new Secret("a"), accessUntil: 5 });`;
  const unlocked = "echo secret | gnome-keyring-daemon --unlock --components=secrets --daemonize > /dev/null 2>&1";
  const node = [at("node_modules/.bin/node"), "--input-type=module", "--eval", program];
  execFileSync("dbus-run-session", ["--", "sh", "-c", `${unlocked}; exec "$@"`, "sh", ...node], { env: home });
};

/** Replaces the keychain's prompter by one that waits; returns the file that it writes when it was asked. */
const slowPrompter = (): string => {
  const services = join(`${home.XDG_RUNTIME_DIR}`, "dbus-1/services");
  const asked = join(`${home.HOME}`, "asked");
  const name = "org.gnome.keyring.SystemPrompter";
  mkdirSync(services, { recursive: true });
  const exec = `/bin/sh -c "touch ${asked}; exec sleep 15 > /dev/null 2>&1"`;
  writeFileSync(join(services, `${name}.service`), `[D-BUS Service]\nName=${name}\nExec=${exec}\n`);
  return asked;
};

/** A session bus with a locked keychain; both end with the test. */
const lockedSession = (): string => {
  const flags = ["--session", "--fork", "--print-address=1", "--print-pid=1"];
  const [address = "", pid] = execFileSync("dbus-daemon", flags, { env: home, encoding: "utf8" }).split("\n");
  bus = Number(pid);
  const env = { ...home, DBUS_SESSION_BUS_ADDRESS: address };
  execFileSync("gnome-keyring-daemon", ["--start", "--components=secrets", "--daemonize"], { env, stdio: "ignore" });
  return address;
};

test("a keychain prompt does not delay quitting", async (context) => {
  needsProgram(context, "dbus-run-session", "gnome-keyring-daemon");
  signedIn();
  const asked = slowPrompter();
  app = await launch({ main: "main.mjs", workspace, env: { DBUS_SESSION_BUS_ADDRESS: lockedSession() } });
  const page = await app.page();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await waitFor("the question", () => existsSync(asked));
  await page.getByRole("button", { name: "Cancel" }).waitFor();
  const start = performance.now();
  await app.host.close();
  expect(performance.now() - start).toBeLessThan(limit);
});
