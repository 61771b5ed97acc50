import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

let person: Person;

const company = givenCompany({});
beforeAll(async () => {
  ({ person } = await company.connected());
});

it("sag open shows the page in a browser with a separate profile", async (context) => {
  needsProgram(context, "chromium");
  const { dir } = company.workspace;
  const [wrapper, page] = [join(dir, "browser"), join(dir, "page.html")];
  writeFileSync(wrapper, `#!/bin/sh\nexec chromium --headless --no-sandbox --dump-dom "$@" > ${page} 2> /dev/null\n`);
  chmodSync(wrapper, 0o755);
  const opened = await person.json<{ profile: string }>(["open", portalUrl, "--browser", wrapper]);
  expect(opened.profile.startsWith(`${person.env.XDG_STATE_HOME}`)).toBe(true);
  const read = (): string => {
    try {
      return readFileSync(page, "utf8");
    } catch {
      return "";
    }
  };
  await until("the page", () => read().includes(portalText), 20_000);
  expect(await person.failure(["open", "javascript:alert(1)"])).toMatchObject({
    cause: "invalid_argument",
    message: "javascript:alert(1) is not an http or https URL.",
  });
});

it("sag open reports that a browser exited immediately, or that a running one has opened the page", async () => {
  const { dir } = company.workspace;
  const [program, { DISPLAY: _, WAYLAND_DISPLAY: __, ...env }] = [join(dir, "short-lived"), person.env];
  const become = (text: string): void => writeFileSync(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  become("echo 'Missing X server' >&2; exit 1");
  const failed = await person.failure(["open", portalUrl, "--browser", program], { env });
  expect(failed.message).toContain("exited immediately (exit code 1). No page was opened. There is no display");
  expect(failed.cause).toBe("not_found");
  const failure = await person.failure(["open", portalUrl, "--browser", program], { env: { ...env, DISPLAY: ":77" } });
  expect(failure.message).toContain("Its output: Missing X server");
  become("exit 0");
  expect((await person.failure(["open", portalUrl, "--browser", program], { env })).message).toContain("exit code 0");
  // Chromium's lock in the profile, which it creates before it notices that there is no display.
  const lock = (pid: string) =>
    `for a; do case $a in --user-data-dir=*) ln -sf host-${pid} "\${a#*=}/SingletonLock";; esac; done`;
  become(`${lock("$$")}; sleep 0.3; exit 1`);
  expect((await person.failure(["open", portalUrl, "--browser", program], { env })).message).toContain("exit code 1");
  become("exit 1");
  expect((await person.failure(["open", portalUrl, "--browser", program], { env })).message).toContain("exit code 1");
  become(lock("1"));
  expect((await person.sag(["open", portalUrl, "--browser", program], { env })).code).toBe(0);
  // A snap cannot access hidden directories in the home.
  become("# exec /snap/bin/chromium\nexec sleep 4");
  const opened = await person.json<{ profile: string }>(["open", portalUrl, "--browser", program], { env });
  expect(opened.profile.startsWith(`${person.env.HOME}/snap/chromium/common/`)).toBe(true);
});

it("sag open reports that there is no display", async () => {
  const bin = join(company.workspace.dir, "browsers");
  mkdirSync(bin);
  writeFileSync(join(bin, "chromium"), "#!/bin/sh\nexec sleep 4\n", { mode: 0o755 });
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...bare } = person.env;
  const env = { ...bare, PATH: `${bin}:${bare.PATH}` };
  const failure = await person.failure(["open", portalUrl], { env });
  expect(failure.cause).toBe("not_found");
  expect(failure.message).toContain("there is no display (DISPLAY");
  expect(failure.action).toContain(
    "Run sag open URL on one with a display, or get the page here with sag run curl URL.",
  );
  expect((await person.sag(["open", portalUrl], { env: { ...env, DISPLAY: ":77" } })).code).toBe(0);
});
