import { invalid } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import type { AccessPointState } from "./registry.ts";

/** Longest list of names or ids in a message, characters; a message for clients has at most 1024. */
const listLimit = 800;

type Named = Pick<AccessPointState, "id" | "name">;

/**
 * The id of the access point that a person chose by id or name; "" = none was chosen. A refusal lists the ids if several have this
 * name, and the `offered` ones if there is none.
 */
export function chosenAccessPoint(all: readonly Named[], offered: readonly Named[], wanted: string): string {
  if (wanted === "" || all.some(({ id }) => id === wanted)) return wanted;
  const found = all.filter(({ name }) => name === wanted).map(({ id }) => id);
  if (found.length > 1) {
    throw invalid("access_point_id", say("access_point_ambiguous", { name: wanted, ids: listed(found) }));
  }
  const [id] = found;
  if (id !== undefined) return id;
  const available = listed(offered.map((one) => labelOf(one, all)));
  throw invalid("access_point_id", say("access_point_unknown", { name: wanted, available }));
}

function listed(all: readonly string[]): string {
  let list = "";
  for (const one of all) {
    const longer = list === "" ? one : `${list}, ${one}`;
    if (longer.length > listLimit) return `${list}, …`;
    list = longer;
  }
  return list;
}

/** What a person can type to choose it: its name, with its id if others have the same name. */
function labelOf({ id, name }: Named, all: readonly Named[]): string {
  return all.filter((one) => one.name === name).length > 1 ? `${name} (${id})` : name;
}
