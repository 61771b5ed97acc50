import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf, type Workspace } from "../harness/workspace.ts";

let workspace: Workspace;
const portal = createServer((_, response) => response.end("the company's own page\n"));

beforeAll(async () => {
  workspace = createWorkspace("guide");
  await new Promise<void>((resolve) => portal.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  portal.close();
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

/** The commands of the guide's first block, a line each. */
function commands(): string[] {
  const guide = readFileSync(at("docs/administrators.md"), "utf8");
  return /```sh\n([\s\S]*?)```/.exec(guide)?.[1]?.trim().split("\n") ?? [];
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

test("the administrators' guide, as written: from a built checkout to the first employee inside", {
  timeout: 120_000,
}, async (context) => {
  needsProgram(context, "jq", "curl");
  const lines = commands();
  expect(lines.length).toBeLessThanOrEqual(10);
  // The first two install and build, which has happened here. Only address and ports are this machine's.
  const own: [string, string][] = [
    ["203.0.113.5", "127.0.0.1"],
    [":8443", `:${await freePort()}`],
    [":51820", `:${await freePort()}`],
    ["127.0.0.1:8080", `127.0.0.1:${(portal.address() as AddressInfo).port}`],
    ["$PWD/bin", at("bin")],
    ["--data ./", `--data ${workspace.dir}/`],
    ["--state ./", `--state ${workspace.dir}/`],
  ];
  const script = lines.slice(2).map((line) => own.reduce((text, [from, to]) => text.replaceAll(from, to), line));
  // Of a file, not of a pipe: what goes on in the background would keep that open.
  const log = join(workspace.logs, "guide.log");
  const done = await command(["bash", "-euc", `exec 2>${log}\ncd ${workspace.dir}\n${script.join("\n")}`], {
    env: workspace.home("admin"),
    limit: 100_000,
  });
  expect(`${done.stdout}${done.code === 0 ? "" : readFileSync(log, "utf8")}`).toContain("the company's own page");
  expect(done.code).toBe(0);
});
