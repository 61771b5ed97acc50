import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ProxySetting, SystemProxy } from "./proxy.ts";

const schema = "org.gnome.system.proxy";
const keys = ["mode", "autoconfig-url"] as const;

export type Run = (program: string, args: string[]) => Promise<string>;

const run: Run = async (program, args) => (await promisify(execFile)(program, args, { timeout: 5000 })).stdout.trim();

/**
 * GNOME's proxy setting, which Chromium, Firefox and GTK programs follow on most desktops. Values are in GVariant
 * text format.
 */
export const gnomeProxy = (execute: Run = run): SystemProxy => ({
  supported: async () => {
    const mode = await execute("gsettings", ["writable", schema, "mode"]).catch(() => "");
    return mode === "true";
  },
  read: async () => {
    const setting: ProxySetting = {};
    for (const key of keys) setting[key] = await execute("gsettings", ["get", schema, key]);
    return setting;
  },
  write: async (setting) => {
    // Writes the address before the mode, which activates it.
    for (const key of keys.toReversed()) {
      const value = setting[key];
      if (value !== undefined) await execute("gsettings", ["set", schema, key, value]);
    }
  },
  forPac: (url) => ({ mode: "'auto'", "autoconfig-url": `'${url.replaceAll("'", "%27")}'` }),
});
