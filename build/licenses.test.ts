import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildApp } from "./app.ts";
import { buildBundles } from "./build.ts";
import { findGo } from "./lib/go.ts";
import { linkedModules } from "./lib/go-licenses.ts";
import { describeLicenses, heading } from "./lib/licenses.ts";
import { bundledPackages, copyrights, packageOf } from "./lib/npm-licenses.ts";
import { at, root } from "./lib/root.ts";
import { buildNative } from "./native.ts";

/** Heading line → text below it. */
const readLicenses = (path: string): Map<string, string> => {
  const parts = readFileSync(at(path), "utf8").split(`${"=".repeat(80)}\n`);
  const found = new Map<string, string>();
  for (let i = 1; i < parts.length; i += 2) {
    for (const line of parts[i]?.trim().split("\n") ?? []) found.set(line, parts[i + 1]?.trim() ?? "");
  }
  return found;
};

/** Words that a licence text must contain, by the first licence that the package states. */
const words: Record<string, RegExp> = {
  MIT: /Permission is hereby granted, free of charge/,
  "Apache-2.0": /Apache License\s+Version 2\.0/,
  "BSD-3-Clause": /Redistribution and use in source and binary forms/,
};

beforeAll(async () => {
  await buildBundles();
  await buildApp();
  await buildNative();
}, 300_000);

describe("THIRD_PARTY_LICENSES.txt", () => {
  it.each([
    ["dist/bundles.stamp", "dist/THIRD_PARTY_LICENSES.txt", "commander"],
    ["dist/app.stamp", "dist/app/THIRD_PARTY_LICENSES.txt", "react"],
  ])("has every npm package that %s was built from", (stamp, path, known) => {
    const licenses = readLicenses(path);
    const { inputs } = JSON.parse(readFileSync(at(stamp), "utf8")) as { inputs: Record<string, string> };
    const folders = new Set(Object.keys(inputs).flatMap((one) => packageOf(one) ?? []));
    expect(folders).toContain(`node_modules/${known}`);
    folders.delete("node_modules/client-only"); // Its files are empty.
    folders.add("node_modules/@napi-rs/keyring");
    for (const folder of folders) {
      const about = JSON.parse(readFileSync(at(folder, "package.json"), "utf8"));
      const text = licenses.get(heading(about));
      for (const one of about.license.match(/[\w.-]+/g).filter((word: string) => word !== "AND")) {
        expect(text, `${folder}: ${one}`).toMatch(words[one] ?? `no words for ${one}`);
      }
      expect(text, folder).toMatch(/copyright/i);
    }
  });

  it("lists Electron for the app", () => {
    const { version } = JSON.parse(readFileSync(at("node_modules/electron/package.json"), "utf8"));
    const text = readLicenses("dist/app/THIRD_PARTY_LICENSES.txt").get(`electron ${version} (MIT)`);
    expect(text).toMatch(/Copyright \(c\) Electron contributors/);
  });

  it("lists every module linked into the Go programs, and Go itself", async () => {
    const licenses = readLicenses("dist/native/THIRD_PARTY_LICENSES.txt");
    const go = await findGo();
    const info = execFileSync(go, ["version", "-m", at("dist/native/sag-tunnel"), at("dist/native/sag-access-point")], {
      encoding: "utf8",
    });
    const modules = [...info.matchAll(/^\tdep\t(\S+)\t(\S+)/gm)].map(([, name, version]) => `${name} ${version}`);
    expect(modules.length).toBeGreaterThan(10);
    for (const one of modules)
      expect(licenses.get(one), one).toMatch(/Permission is hereby|Redistribution and use|Apache/);
    const standard = [...licenses].find(([line]) => line.startsWith("Go standard library go1."));
    expect(standard?.[1]).toMatch(/The Go Authors[\s\S]*Redistribution and use/);
  }, 60_000);

  it("lists modules that are linked only on another platform", async () => {
    const names = linkedModules(await findGo(), ["./cmd/sag-tunnel"], { GOOS: "windows", GOARCH: "amd64" });
    expect(names.map(({ name }) => name)).toContain("golang.zx2c4.com/wintun");
  }, 60_000);

  it.each([
    ["sag", ["dist/THIRD_PARTY_LICENSES.txt", "dist/native/THIRD_PARTY_LICENSES.txt"]],
    ["sagctl", ["dist/THIRD_PARTY_LICENSES.txt"]],
    ["sag-cloud", ["dist/THIRD_PARTY_LICENSES.txt"]],
    ["sag-tunnel", ["dist/native/THIRD_PARTY_LICENSES.txt"]],
    ["sag-access-point", ["dist/native/THIRD_PARTY_LICENSES.txt"]],
  ])("%s version --licenses prints it", (program, paths) => {
    const printed = execFileSync(at("bin", program), ["version", "--licenses"], {
      encoding: "utf8",
      maxBuffer: 2 ** 24,
    });
    expect(printed.trim()).toBe(
      paths
        .map((path) => readFileSync(at(path), "utf8"))
        .join("\n")
        .trim(),
    );
  });
});

it("refuses a package without a licence text", () => {
  const folder = at("test-results/licences/node_modules/none");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "none", version: "1.0.0", license: "MIT" }));
  writeFileSync(join(folder, "index.js"), "export {};");
  expect(() => bundledPackages([`${relative(root, folder)}/index.js`])).toThrow(/none has no licence text/);
  rmSync(at("test-results/licences"), { recursive: true });
});

it("keeps copyright notices of sources, once if they differ only in the year", () => {
  const sources = [
    "/* Copyright 2020 A. */ code",
    "// Copyright 2021-2022 B\n// All rights reserved\ncode // not this",
    "/* Copyright 2024 A. */",
  ];
  expect(copyrights(sources)).toEqual(["Copyright 2020 A.", "Copyright 2021-2022 B\nAll rights reserved"]);
});

it("prints a text that several packages share once", () => {
  const text = describeLicenses("x", [
    { name: "b", version: "1", license: "(MIT OR ISC)", text: "T" },
    { name: "a", version: "2", text: "T" },
  ]);
  expect(text.match(/^T$/gm)).toHaveLength(1);
  expect(text).toContain("\na 2\nb 1 (MIT OR ISC)\n");
});
