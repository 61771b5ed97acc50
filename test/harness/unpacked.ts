import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { at } from "../../build/lib/root.ts";
import { notRunHere } from "./needs.ts";

/**
 * Debian packages that must not be installed, because they would take over this host's network. They are unpacked
 * into a directory and run in namespaces.
 */
const packages = [
  // Of the same version, independent of the host's packages.
  ...["systemd-resolved", "libsystemd-shared"],
  ...["network-manager", "libnm0", "libndp0", "libmm-glib0", "libbluetooth3", "libteamdctl0", "libjansson4"],
  ...["dnsmasq-base", "libnetfilter-conntrack3", "libnfnetlink0"],
];
const folder = at(".cache/debian");

export const programs = {
  resolved: join(folder, "lib/systemd/systemd-resolved"),
  resolvectl: join(folder, "usr/bin/resolvectl"),
  networkManager: join(folder, "usr/sbin/NetworkManager"),
  nmcli: join(folder, "usr/bin/nmcli"),
  dnsmasq: join(folder, "usr/sbin/dnsmasq"),
};

/** The search path for their own libraries. */
export const libraries = {
  LD_LIBRARY_PATH: ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"]
    .flatMap((lib) => [lib, `${lib}/systemd`])
    .map((lib) => join(folder, lib))
    .join(":"),
};

export const isUnpacked = (): boolean => Object.values(programs).every((program) => existsSync(program));

/** Downloads and unpacks missing packages; returns an error message. */
export const unpack = (): string | undefined => {
  if (isUnpacked()) return undefined;
  const fresh = `${folder}.new`;
  const downloads = join(fresh, "downloads");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  const download = spawnSync("apt-get", ["download", "-q", ...packages], { cwd: downloads, encoding: "utf8" });
  if (download.status !== 0) return download.stderr;
  for (const file of readdirSync(downloads)) {
    const unpacked = spawnSync("dpkg", ["-x", join(downloads, file), fresh], { encoding: "utf8" });
    if (unpacked.status !== 0) return unpacked.stderr;
  }
  rmSync(downloads, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return undefined;
};

/** Skips the test if they are missing. */
export const needsUnpacked = (context: TestContext): void => {
  if (!isUnpacked()) notRunHere(context, "systemd-resolved and NetworkManager, unpacked");
};
