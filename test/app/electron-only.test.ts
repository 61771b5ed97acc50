import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from "@electron/fuses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { type App, launch } from "./launch.ts";
import { hasElectron, needsElectron } from "./needs.ts";

/** Properties that only real Electron has. Without it these tests are listed as not run. */

describe("the packaged app", () => {
  needsElectron();
  const unpacked = at("release", process.platform === "linux" ? "linux-unpacked" : "unpacked");
  const binary = join(unpacked, "sag-app");

  beforeAll(() => {
    if (!hasElectron || existsSync(binary)) return;
    spawnSync(process.execPath, [at("build/package.ts"), "--dir"], { stdio: "inherit" });
  }, 300_000);

  test("fuses: no Node.js options, only the asar, encrypted cookies", async () => {
    const fuses = await getCurrentFuseWire(binary);
    expect(fuses.version).toBe(FuseVersion.V1);
    const isOn = (fuse: FuseV1Options): boolean => fuses[fuse] === "1".charCodeAt(0);
    expect(isOn(FuseV1Options.RunAsNode)).toBe(false);
    expect(isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(false);
    expect(isOn(FuseV1Options.EnableNodeCliInspectArguments)).toBe(false);
    expect(isOn(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(false);
    expect(isOn(FuseV1Options.OnlyLoadAppFromAsar)).toBe(true);
    expect(isOn(FuseV1Options.EnableCookieEncryption)).toBe(true);
  });

  test("asar: contains main, preload and renderer; the tunnel program is beside it", () => {
    expect(existsSync(join(unpacked, "resources/app.asar"))).toBe(true);
    expect(existsSync(join(unpacked, "resources/native/sag-tunnel"))).toBe(true);
  });
});

describe("native parts", () => {
  needsElectron();
  let app: App | undefined;
  beforeAll(async () => {
    if (hasElectron) app = await launch();
  });
  afterAll(() => app?.close());

  test("the window's process is sandboxed by the operating system", async () => {
    const sandboxed = await app?.host.evaluate(({ app }) =>
      app
        .getAppMetrics()
        .some((metric: { type: string; sandboxed?: boolean }) => metric.type === "Tab" && metric.sandboxed !== false),
    );
    expect(sandboxed).toBe(true);
  });

  test("every tray icon can be loaded", async () => {
    const sizes = await app?.host.evaluate(
      ({ nativeImage }, folder) =>
        ["neutral", "progress", "good", "caution", "stopped"].flatMap((tone) =>
          ["light", "dark"].map(
            (bar) => nativeImage.createFromPath(`${folder}/tray-${tone}-${bar}.png`).getSize().width,
          ),
        ),
      at("dist/app/icons"),
    );
    expect(new Set(sizes)).toEqual(new Set([16]));
  });

  test("the application menu has its keyboard shortcuts", async () => {
    const accelerators = await app?.host.evaluate(({ Menu }) =>
      Menu.getApplicationMenu().items[0].submenu.items.map((item: { accelerator?: string }) => item.accelerator ?? ""),
    );
    expect(accelerators).toContain("CmdOrCtrl+,");
  });
});
