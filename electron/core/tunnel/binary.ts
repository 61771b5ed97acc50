import { accessSync, constants } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../causes/failure.ts";
import type { Environment } from "../host/environment.ts";

/**
 * Finds sag-tunnel: the one named for a test, or the one built or installed beside this program. PATH is not
 * searched, because its directories may be writable for others.
 */
export function findTunnelBinary(environment: Environment): string {
  const name = environment.platform === "win32" ? "sag-tunnel.exe" : "sag-tunnel";
  const candidates = environment.tunnelBinary ? [environment.tunnelBinary] : installedPlaces(name);
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Try the next one.
    }
  }
  throw new Failure("tunnel_binary_missing");
}

function installedPlaces(name: string): string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  // dist/sag.mjs, dist/chunks/x.mjs and electron/core/tunnel/binary.ts all have the checkout among these parents.
  const above = [here, join(here, ".."), join(here, "..", ".."), join(here, "..", "..", "..")];
  return [
    ...(resources ? [join(resources, "native", name)] : []),
    ...above.flatMap((dir) => [join(dir, "native", name), join(dir, "dist", "native", name)]),
  ];
}
