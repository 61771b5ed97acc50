import { texts } from "../../../common/text/index.ts";
import type { IntranetState } from "../client/model.ts";
import type { ConnectOptions } from "../client/requests.ts";
import type { IntranetRecord } from "../settings/schema.ts";

/**
 * Messages about proxy ports that have changed because the previous ones were taken: programs configured with them
 * need the new ones.
 */
export async function movedPorts(
  record: IntranetRecord,
  state: IntranetState,
  options: ConnectOptions,
): Promise<string[]> {
  const notices: string[] = [];
  if (!state.socks || !state.http) return notices;
  for (const [name, title] of [
    ["socks", texts.core.ports.socks],
    ["http", texts.core.ports.http],
  ] as const) {
    const former = record[name];
    if (former === undefined || former === state[name] || options[name] !== undefined) continue;
    const { programAt } = await import("./listener.ts");
    const holder = (await programAt(former)) ?? texts.core.ports.anotherProgram;
    notices.push(texts.core.ports.moved(former, holder, title, state[name] ?? ""));
  }
  return notices;
}
