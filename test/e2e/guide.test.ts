import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { freePort } from "../harness/net/free-port.ts";
import { blocksOf, commandsWith } from "../harness/readme.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/wait.ts";
import { createWorkspace, endProcessesOf, processesOf, type Workspace } from "../harness/workspace.ts";

/** The user that runs the documents' commands when the tests run as root. */
const nobody = 65_534;

let workspace: Workspace;
/** The response of the web server that README and the guide start. */
const page = "Hello from the intranet.\r\n";

beforeEach((context) => {
  needsProgram(context, "jq", "curl", "script", "setpriv");
  workspace = createWorkspace("guide");
});
afterEach(async () => {
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

/** Gives the workspace to an ordinary user; returns the prefix that runs a command as that user. */
const asOrdinaryUser = (): string[] => {
  if (process.getuid?.() !== 0) return [];
  execFileSync("chown", ["-R", `${nobody}:${nobody}`, workspace.dir]);
  return ["setpriv", "--reuid", `${nobody}`, "--regid", `${nobody}`, "--clear-groups"];
};

/** The first two lines of the guide install and build, which has been done here. */
const documents: [document: string, skipped: number][] = [
  ["docs/administrators.md", 2],
  ["README.md", 0],
];

/**
 * Pastes a document's commands, with addresses and ports of this host. `taken`: a port in use, for the cloud
 * instance.
 */
async function pasted(document: string, skipped: number, taken?: number): Promise<string> {
  const lines = commandsWith(document, "sag-cloud serve").slice(skipped);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(14);
  const own: [string, string][] = [
    ["203.0.113.5", "127.0.0.1"],
    [":8443", `:${taken ?? (await freePort())}`],
    [":51820", `:${await freePort()}`],
    ["8080", `${await freePort()}`],
    ["$PWD/bin", at("bin")],
  ];
  return `${lines.map((line) => own.reduce((text, [from, to]) => text.replaceAll(from, to), line)).join("\n")}\n`;
}

function shell(): Terminal {
  const env = { ...workspace.home("admin"), PS1: "> " };
  return new Terminal([...asOrdinaryUser(), "bash", "--norc", "--noprofile", "-i"], env);
}

test.each(documents)(
  "%s, pasted by an ordinary user: connects the first user",
  {
    timeout: 240_000,
  },
  async (document, skipped) => {
    const lines = await pasted(document, skipped);
    const terminal = shell();
    // Commands after a failed `cd` would write here.
    const checkout = join(workspace.dir, "admin/checkout");
    terminal.type(`mkdir ${checkout} && cd ${checkout}\n${lines}`);
    await terminal.shows(page, 100_000);
    // Passwords and keys are readable only for their owner, whatever the umask.
    const home = join(workspace.dir, "admin");
    for (const made of ["sag-setup/setup.json", ".local/share/sag-cloud/cloud.db", ".local/share/sag-access-point"])
      expect([made, statSync(join(home, made)).mode & 0o077]).toEqual([made, 0]);
    // Running it again stops before changing anything.
    const seen = () => ({
      setup: readFileSync(join(home, "sag-setup/setup.json"), "utf8"),
      files: [readdirSync(checkout), readdirSync(join(home, "sag-setup"))],
      servers: processesOf(workspace.dir).length,
    });
    const before = seen();
    terminal.type(lines);
    await terminal.shows("File exists");
    terminal.type("echo still $((40 + 2))\n");
    await terminal.shows("still 42");
    expect(seen()).toEqual(before);
    expect(before.files[0]).toEqual([]);
    // After the removal, the same commands set up another company.
    terminal.type(`${commandsWith(document, "rm -rf ~/sag-setup").join("\n")}\necho removed $((40 + 2))\n`);
    await terminal.shows("contoso was removed from this computer.");
    await terminal.shows("removed 42");
    await until("the end of the servers", () => processesOf(workspace.dir).length === 0);
    terminal.type(lines);
    await terminal.shows(page, 100_000);
    terminal.type("exit\n");
  },
);

test("README's company stops with the cause when the first user cannot sign in", { timeout: 60_000 }, async () => {
  const terminal = shell();
  terminal.type((await pasted("README.md", 0)).replace("$(jq -r .user setup.json)", "somebody.else"));
  await terminal.shows('"cause":"bad_credentials"', 30_000);
  terminal.type("echo still $((40 + 2))\n");
  await terminal.shows("still 42", 30_000);
  expect(terminal.screen).not.toContain("curl: (");
  terminal.type("exit\n");
});

test("README's company stops with the cause when a port is in use", { timeout: 60_000 }, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const terminal = shell();
  try {
    terminal.type(await pasted("README.md", 0, (other.address() as { port: number }).port));
    await terminal.shows('"cause":"port_in_use"', 30_000);
    terminal.type("echo still $((40 + 2))\n");
    await terminal.shows("still 42", 30_000);
    expect(terminal.screen).not.toContain("curl: (");
  } finally {
    other.close();
  }
  terminal.type("exit\n");
});

test("blocks to be pasted contain no placeholders", () => {
  for (const document of ["README.md", "CONTRIBUTING.md"]) {
    const unfinished = blocksOf(document).filter((block) => /…|NAME|HOST-/.test(block));
    expect([document, unfinished]).toEqual([document, []]);
  }
});
