import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildApp } from "../../build/app.ts";
import { buildBundles } from "../../build/build.ts";
import { at, root } from "../../build/lib/root.ts";
import { buildNative } from "../../build/native.ts";

/**
 * Copies this checkout with its builds, so that a test may change sources. cp keeps the modification times, so that
 * builds stay up to date.
 */
export const copyCheckout = async (to: string): Promise<void> => {
  await Promise.all([buildApp(), buildBundles(), buildNative()]);
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"], {
    cwd: root,
    encoding: "utf8",
  }).split("\n");
  mkdirSync(to);
  execFileSync("cp", ["-a", "--parents", ...files.filter((path) => path && existsSync(at(path))), "dist", to], {
    cwd: root,
  });
  symlinkSync(at("node_modules"), join(to, "node_modules"));
};
