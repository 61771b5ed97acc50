import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { createFreshMachine, type FreshMachine } from "../harness/fresh-machine.ts";
import { needsProgram } from "../harness/needs.ts";

/** All packages below a node_modules directory, including nested ones. */
function* installed(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.name.startsWith("@")) yield* installed(path);
    else {
      if (existsSync(join(path, "package.json"))) yield path;
      if (existsSync(join(path, "node_modules"))) yield* installed(join(path, "node_modules"));
    }
  }
}

test("no package is compiled at installation", () => {
  // npm runs "node-gyp rebuild" for every package with a binding.gyp and no install script, and most npm versions do
  // not support "allowScripts" (https://docs.npmjs.com/cli/v9/using-npm/scripts#npm-install).
  const compiled = [...installed(at("node_modules"))].filter((path) => {
    if (!existsSync(join(path, "binding.gyp"))) return false;
    const { scripts = {}, gypfile } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    return gypfile !== false && !scripts.install && !scripts.preinstall;
  });
  expect(compiled).toEqual([]);
});

test("only known packages run a script at installation", () => {
  const { packages } = JSON.parse(readFileSync(at("package-lock.json"), "utf8"));
  const running = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  const { allowScripts } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  expect(running.map((path) => path.replace(/^.*node_modules\//, "")).toSorted()).toEqual(
    Object.keys(allowScripts).toSorted(),
  );
});

let machine: FreshMachine | undefined;
// Removes a whole root file system, which takes time.
afterAll(() => machine?.remove(), 180_000);

// All versions, with the trial: npm run soak -- install.
test("npm ci of npm 9 and the build, as an ordinary user without compiler and without Go", {
  timeout: 300_000,
}, async (context) => {
  needsProgram(context, "git", "npm");
  machine = await createFreshMachine("9.2.0", "20.20.2");
  const ci = await machine.run(["npm", "ci"], { limit: 200_000 });
  expect(ci.code, ci.stderr).toBe(0);
  // One line for each relevant step, and no warning.
  expect(ci.stderr).toBe("");
  const build = await machine.run(["npm", "run", "build"], { limit: 60_000 });
  expect(build.code, build.stdout + build.stderr).toBe(0);
  const version = await machine.run([join(machine.checkout, "bin/sag"), "--version"]);
  expect(version.code, version.stderr).toBe(0);
});
