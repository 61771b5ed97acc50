import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { causeTable } from "../../common/causes/table.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";
import { command, must } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { givenCompany } from "./fixture.ts";

/** Invalid settings of administrators, and invalid requests from outside. */
const company = givenCompany();
const mounted: string[] = [];
afterEach(async () => {
  for (const path of mounted.splice(0)) await must(["umount", "-l", path]);
});

/** Mounts a small disk at a new directory. */
const disk = async (name: string, options: string): Promise<string> => {
  const path = join(company.workspace.dir, name);
  mkdirSync(path);
  await must(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]);
  mounted.push(path);
  return path;
};

const serve = (data: string, listen = "127.0.0.1:0"): string[] => [
  at("bin/sag-cloud"),
  "serve",
  "--data",
  data,
  "--listen",
  listen,
  "--json",
];

const fails = async (cause: CauseCode, args: string[]): Promise<void> => {
  const done = await command(args);
  expect(done.code, done.stdout).toBe(causeTable[cause].exit);
  expect(JSON.parse(done.stdout)).toMatchObject({
    cause,
    message: expect.stringMatching(/[.]$/),
    action: expect.stringMatching(/\S/),
  });
  expect(done.stdout + done.stderr).not.toMatch(/^\s+at /m);
};

describe("sag-cloud", () => {
  it("refuses a data directory that another sag-cloud uses, which keeps running", async () => {
    await fails("data_directory_in_use", serve(company.site.data));
    expect(await company.site.sagctl(["account", "list"])).toHaveLength(1);
  });

  it("refuses a port that is in use", () =>
    fails("port_in_use", serve(join(company.workspace.dir, "second"), new URL(company.site.cloud.ready.url).host)));

  it("refuses a directory that is not writable", async (context) => {
    needsRoot(context);
    await fails("storage_readonly", serve(await disk("read-only", "ro")));
  });

  it("refuses a full disk", async (context) => {
    needsRoot(context);
    await fails("storage_full", serve(await disk("full", "size=16k")));
  });
});

describe("an invalid request", () => {
  const send = async (path: string, body: string, ...more: string[]): Promise<{ status: number; text: string }> => {
    const url = `${company.site.cloud.ready.url}/${path}`;
    const args = ["-sk", "--max-time", "5", "-w", "\n%{http_code}", "--data-binary", "@-", ...more, url];
    const lines = (await must(["curl", ...args], { stdin: body })).split("\n");
    return { status: Number(lines.pop()), text: lines.join("\n") };
  };
  const json = ["-H", "content-type: application/json"];
  const proto = ["-H", "content-type: application/proto"];
  const service = "sag.client.v1.ClientService";

  it.each<[string, string, string, string[], number]>([
    ["an unknown call", `${service}/Nothing`, "{}", json, 404],
    ["an unknown service", "sag.client.v9.ClientService/Dial", "{}", json, 404],
    ["a truncated message", `${service}/Discover`, "\x0a\x20\x01", proto, 400],
    ["invalid JSON", `${service}/Discover`, "{", json, 400],
    ["invalid values", `${service}/Discover`, `{"hello":{"version":"1"},"enterpriseCode":"x"}`, json, 400],
    [
      "a dial without a token",
      `${service}/Dial`,
      `{"hello":{"version":"1"},"publicKey":"${"A".repeat(43)}=","mode":"MODE_PROXY"}`,
      json,
      401,
    ],
  ])("%s is refused with a reason", async (_, path, body, more, status) => {
    const answer = await send(path, body, ...more);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.text).not.toMatch(/^\s+at |node_modules/m);
  });

  it("is refused at 10 MB before it is read", async (context) => {
    needsProgram(context, "curl");
    const answer = await send(`${service}/SignIn`, " ".repeat(10 * 1024 * 1024), ...json);
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });
});
