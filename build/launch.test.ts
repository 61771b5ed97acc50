import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at } from "./lib/root.ts";

/** A checkout with the real launchers, and programs that print their arguments. */
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "sag launch "));
  cpSync(at("bin"), join(checkout, "bin"), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(checkout, "node_modules/node/bin"), { recursive: true });
  symlinkSync(process.execPath, join(checkout, "node_modules/node/bin/node"));
});
afterEach(() => rmSync(checkout, { recursive: true }));

const build = (): void => {
  mkdirSync(join(checkout, "dist/native"), { recursive: true });
  for (const name of ["sag", "sagctl", "sag-cloud"]) {
    writeFileSync(
      join(checkout, `dist/${name}.mjs`),
      `console.log(JSON.stringify(["${name}", ...process.argv.slice(2)])); process.exitCode = 7;`,
    );
  }
  for (const name of ["sag-tunnel", "sag-access-point"]) {
    const program = join(checkout, "dist/native", name);
    writeFileSync(program, `#!/bin/sh\nprintf '["%s","%s","%s"]' ${name} "$1" "$2"\nexit 7\n`);
    chmodSync(program, 0o755);
  }
};

const launch = (command: string, cwd: string, args = ["a b", "*"]) =>
  spawnSync(command, args, { cwd, encoding: "utf8", env: { PATH: `${join(checkout, "bin")}:${process.env.PATH}` } });

it("tells that a copied launcher has to be a symbolic link", () => {
  build();
  copyFileSync(join(checkout, "bin/sag"), join(checkout, "sag"));
  const ran = launch("./sag", checkout);
  expect([ran.status, ran.stderr]).toEqual([
    127,
    expect.stringMatching(/^\.\/sag is a copy .*ln -s CHECKOUT\/bin\/sag/),
  ]);
});

describe.each(["sag", "sagctl", "sag-cloud", "sag-tunnel", "sag-access-point"])("%s", (name) => {
  it.each<[string, () => { command: string; cwd: string }]>([
    ["by its path, from elsewhere", () => ({ command: join(checkout, "bin", name), cwd: "/" })],
    ["by name from PATH", () => ({ command: name, cwd: "/" })],
    ["by a relative path", () => ({ command: `./bin/${name}`, cwd: checkout })],
    ["from inside bin", () => ({ command: `./${name}`, cwd: join(checkout, "bin") })],
    [
      "through links, relative and absolute",
      () => {
        mkdirSync(join(checkout, "elsewhere"));
        symlinkSync(join(checkout, "bin", name), join(checkout, "elsewhere/first"));
        symlinkSync("first", join(checkout, "elsewhere/second"));
        symlinkSync("elsewhere/second", join(checkout, "third"));
        return { command: join(checkout, "third"), cwd: "/" };
      },
    ],
  ])("runs %s, with its arguments and exit code", (_, how) => {
    build();
    const { command, cwd } = how();
    const ran = launch(command, cwd);
    expect({ said: JSON.parse(ran.stdout), code: ran.status }).toEqual({ said: [name, "a b", "*"], code: 7 });
  });

  it("reports in one sentence that it has not been built", () => {
    const ran = launch(name, "/");
    expect(ran.status).toBe(127);
    expect(ran.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^\S+ has not been built in this checkout yet: run "npm run build\S*" in \/.*sag launch /),
    ]);
  });
});
