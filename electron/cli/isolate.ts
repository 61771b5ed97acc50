import { type ChildProcess, spawn } from "node:child_process";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";
import { texts } from "../../common/text/cli.ts";
import { Failure } from "../core/causes/failure.ts";
import { failureFromLine } from "../core/causes/wire.ts";
import type { IntranetState } from "../core/client/model.ts";
import { systemEnvironment } from "../core/host/environment.ts";
import { findTunnelBinary } from "../core/tunnel/binary.ts";
import { tunnelDir } from "../core/tunnel/process.ts";

/**
 * Removed from an isolated command's environment: proxies listen on the host's loopback, which the command cannot
 * reach.
 */
const proxies = /^(all|http|https|ftp|no)_proxy$/i;

/** The environment variable with the id of the intranet whose isolated network a command runs in. */
const isolatedIn = "SAG_ISOLATED";

/**
 * Returns the id of the intranet whose isolated network this process runs in; null outside of one. The address is set
 * by native/internal/isolate.
 */
export function isolation(env: NodeJS.ProcessEnv = process.env): string | null {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address));
  return addresses.includes("198.18.0.2") ? (env[isolatedIn] ?? "") : null;
}

/**
 * Runs a command in a network namespace whose only route is the intranet's tunnel. `failed` has the reason if the
 * command could not be started.
 */
export function spawnIsolated(
  { intranet, intranetId, mode }: IntranetState,
  command: string[],
): { child: ChildProcess; failed: Promise<Failure | null> } {
  if (mode === "system") {
    throw new Failure("invalid_argument", {
      text: texts.cli.reach.isolationNeedsProxy(intranet),
    });
  }
  const environment = systemEnvironment();
  const dir = tunnelDir(environment, intranetId);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !proxies.test(name))),
    [isolatedIn]: intranetId,
  };
  const args = ["isolate", "--dir", dir, "--report-fd", "3", "--", ...command];
  const child = spawn(findTunnelBinary(environment), args, { env, stdio: ["inherit", "inherit", "inherit", "pipe"] });
  const report = child.stdio[3] as NodeJS.ReadableStream;
  return { child, failed: text(report).then(readFailure) };
}

function readFailure(line: string): Failure | null {
  if (line.trim() === "") return null;
  return failureFromLine(JSON.parse(line));
}
