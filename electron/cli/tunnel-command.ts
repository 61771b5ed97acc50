import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { failureFromLine } from "../core/causes/wire.ts";
import { systemEnvironment } from "../core/host/environment.ts";
import { findTunnelBinary } from "../core/tunnel/binary.ts";

/**
 * What sag-tunnel does by itself, as the caller: what has to be undone may be why nothing else works. Returns its output, as
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
  const answer = JSON.parse(said) as Partial<Answer> & { cause?: string };
  if (answer.cause !== undefined || ran.status !== 0) throw failureFromLine(answer);
  return answer;
}
