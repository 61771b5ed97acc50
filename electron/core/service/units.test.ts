import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { at } from "../../../build/lib/root.ts";
import { needsProgram } from "../../../test/harness/needs.ts";

/** Limit of `systemd-analyze security`, in tenths: the exposure of a unit. */
const limit = 30;

it.for(readdirSync(at("build/units")))("%s may do little more than it has to", (unit, context) => {
  needsProgram(context, "systemd-analyze");
  const args = ["security", "--offline=true", `--threshold=${limit}`, "--no-pager", at("build/units", unit)];
  const ran = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
});
