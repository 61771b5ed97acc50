import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { failureFromLine } from "../core/causes/wire.ts";
import { systemEnvironment } from "../core/host/environment.ts";
import { findTunnelBinary } from "../core/tunnel/binary.ts";

/**
 * Runs sag-tunnel directly as the calling user instead of asking the service, because what has to be undone may be
 * why the service does not answer. Returns its JSON output; throws its failures.
 */
export function askTunnelBinary<Answer>(verb: string[]): Partial<Answer> {
  const environment = systemEnvironment();
  const binary = findTunnelBinary(environment);
  const ran = spawnSync(binary, [...verb, "--json", "--run-dir", environment.serviceDir], {
    cwd: dirname(binary),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = ran.stdout?.split("\n").find((line) => line.startsWith("{")) ?? "{}";
  const answer = JSON.parse(output) as Partial<Answer> & { cause?: string };
  if (answer.cause !== undefined || ran.status !== 0) throw failureFromLine(answer);
  return answer;
}
