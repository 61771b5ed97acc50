import { askTunnelBinary } from "../tunnel-command.ts";
import type { Verb } from "../verb.ts";

interface Repaired {
  undone: string[];
  disconnected: boolean;
  unlocked: boolean;
}

export const repair: Verb<[], object> = async ({ output }) => {
  const { undone = [], disconnected = false, unlocked = false } = askTunnelBinary<Repaired>(["repair"]);
  if (unlocked) output.print("Lockdown is lifted: everything may leave this machine again.");
  if (disconnected)
    output.print("The service is running; its session was ended and everything it had changed was undone.");
  else if (undone.length > 0) output.print(["Undone:", ...undone.map((change) => `  ${change}`)].join("\n"));
  else if (!unlocked) output.print("There was nothing to undo.");
  output.printJson({ undone, disconnected, unlocked });
  return 0;
};
