import { texts } from "../../../common/text/cli.ts";
import { askTunnelBinary } from "../tunnel-command.ts";
import type { Verb } from "../verb.ts";

interface Repaired {
  undone: string[];
  disconnected: boolean;
  unlocked: boolean;
}

export const repair: Verb<[], object> = async ({ output }) => {
  const { undone = [], disconnected = false, unlocked = false } = askTunnelBinary<Repaired>(["repair"]);
  if (unlocked) output.print(texts.cli.host.lockdownLifted);
  if (disconnected) output.print(texts.cli.host.sessionUndone);
  else if (undone.length > 0)
    output.print([texts.cli.host.undone, ...undone.map((change) => `  ${change}`)].join("\n"));
  else if (!unlocked) output.print(texts.cli.host.nothingToUndo);
  output.printJson({ undone, disconnected, unlocked });
  return 0;
};
