import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { at } from "./lib/root.ts";

/** electron-builder's own validation of its configuration; neither this nor its YAML reader is exported. */
const require = createRequire(createRequire(import.meta.url).resolve("electron-builder"));
const { validateConfiguration } = require("app-builder-lib/out/util/config/config.js");
const { load } = require("js-yaml");

const read = (): Record<string, unknown> => load(readFileSync(at("electron-builder.yml"), "utf8"));

test("electron-builder accepts the configuration", async () => {
  await expect(validateConfiguration(read(), { isEnabled: false, add: () => {} })).resolves.toBeUndefined();
});

test("the fuses disable running Node, and load code only from the asar", () => {
  expect(read().electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});

test("packages contain our licence and the licences of everything in the app; the tunnel's are in its folder", () => {
  expect((read().extraResources as unknown[]).slice(1)).toEqual([
    { from: "dist/app/THIRD_PARTY_LICENSES.txt", to: "THIRD_PARTY_LICENSES.txt" },
    { from: "LICENSE", to: "LICENSE.txt" },
  ]);
});

test("Linux packages contain the systemd units", () => {
  expect(read().linux).toMatchObject({ extraResources: [{ from: "build/units", to: "units" }] });
});
