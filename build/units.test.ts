import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "../test/harness/command.ts";
import { needsProgram } from "../test/harness/needs.ts";
import { at } from "./lib/root.ts";

const folder = at("build/units");
const units = readdirSync(folder).filter((name) => name.endsWith(".service"));
/** Maximum exposure level of systemd-analyze security, in tenths: 0 is fully restricted, 100 is unrestricted. */
const threshold = 30;

const settings = (text: string, name: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}=`))
    .flatMap((line) => line.slice(name.length + 1).split(/\s+/))
    .filter(Boolean);

it("there are units", () => expect(units).toContain("sag-tunnel.service"));

describe.each(units)("%s", (name) => {
  const text = readFileSync(join(folder, name), "utf8");

  it("has a low systemd exposure level", async (context) => {
    needsProgram(context, "systemd-analyze");
    const args = ["security", "--offline=true", "--no-pager", `--threshold=${threshold}`, join(folder, name)];
    const { code, stdout, stderr } = await command(["systemd-analyze", ...args]);
    expect(code, stdout + stderr).toBe(0);
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(threshold / 10);
  });

  it("explains each capability, and has no ambient ones", () => {
    expect(settings(text, "AmbientCapabilities")).toEqual([]);
    for (const capability of settings(text, "CapabilityBoundingSet")) {
      expect(text).toMatch(new RegExp(`^# ${capability}: \\w.{10,}`, "m"));
    }
    expect(text).toContain("\nCapabilityBoundingSet=");
    expect(text).toContain("\nNoNewPrivileges=yes");
  });
});
