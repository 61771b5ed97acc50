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

/** Proxies are on the loopback of the machine, which an isolated command does not have. */
const proxies = /^(all|http|https|ftp|no)_proxy$/i;

/** Names the intranet that a command in a network of its own is in. */
const isolatedIn = "SAG_ISOLATED";

/** The id of the intranet whose isolated network this process is in; null outside of one. The address is that of native/internal/isolate. */
export function isolation(env: NodeJS.ProcessEnv = process.env): string | null {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address));
  return addresses.includes("198.18.0.2") ? (env[isolatedIn] ?? "") : null;
}

/** A command in a network of its own whose only way out is the intranet's tunnel, with what failed before it ran. */
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
