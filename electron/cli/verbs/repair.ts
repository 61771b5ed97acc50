import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { Failure } from "../../core/causes/failure.ts";
import { causeTable } from "../../core/causes/table.ts";
import { systemEnvironment } from "../../core/environment.ts";
import type { CauseCode } from "../../core/model.ts";
import { findTunnelBinary } from "../../core/tunnel/binary.ts";
import type { Verb } from "../commands.ts";

interface Repaired {
  undone: string[];
  disconnected: boolean;
}

/** sag-tunnel does it, by itself: what has to be undone may be why nothing else works. */
export const repair: Verb<[], object> = async ({ output }) => {
  const environment = systemEnvironment();
  const binary = findTunnelBinary(environment);
  const ran = spawnSync(binary, ["repair", "--json", "--run-dir", environment.serviceDir], {
    cwd: dirname(binary),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const said = ran.stdout?.split("\n").find((line) => line.startsWith("{")) ?? "{}";
  const answer = JSON.parse(said) as Partial<Repaired> & { cause?: string; message?: string };
  if (answer.cause !== undefined || ran.status !== 0) {
    const code = Object.hasOwn(causeTable, answer.cause ?? "") ? (answer.cause as CauseCode) : "unknown";
    throw new Failure(code, { ...(answer.message ? { text: answer.message } : {}) });
  }
  const { undone = [], disconnected = false } = answer;
  if (disconnected)
    output.print("The service is running; its session was ended and everything it had changed was undone.");
  else if (undone.length === 0) output.print("There was nothing to undo.");
  else output.print(["Undone:", ...undone.map((change) => `  ${change}`)].join("\n"));
  output.printJson({ undone, disconnected });
  return 0;
};
