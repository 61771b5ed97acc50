import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { Failure } from "../core/causes/failure.ts";
import { causeTable } from "../core/causes/table.ts";
import { systemEnvironment } from "../core/environment.ts";
import type { CauseCode } from "../core/model.ts";
import { findTunnelBinary } from "../core/tunnel/binary.ts";

/**
 * What sag-tunnel does by itself, as the caller: what has to be undone may be why nothing else works. Gives what it said, as
 * JSON; its failures are ours.
 */
export function askTunnelBinary<Answer>(verb: string[]): Partial<Answer> {
  const environment = systemEnvironment();
  const binary = findTunnelBinary(environment);
  const ran = spawnSync(binary, [...verb, "--json", "--run-dir", environment.serviceDir], {
    cwd: dirname(binary),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const said = ran.stdout?.split("\n").find((line) => line.startsWith("{")) ?? "{}";
  const answer = JSON.parse(said) as Partial<Answer> & { cause?: string; message?: string };
  if (answer.cause !== undefined || ran.status !== 0) {
    const code = Object.hasOwn(causeTable, answer.cause ?? "") ? (answer.cause as CauseCode) : "unknown";
    throw new Failure(code, { ...(answer.message ? { text: answer.message } : {}) });
  }
  return answer;
}
