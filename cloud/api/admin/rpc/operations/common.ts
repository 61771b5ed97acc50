import { say } from "../../../../base/say.ts";
import { cenAreas, regionIds } from "../../../../domain/areas/regions.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { list, record, required, text, truth, whole } from "../protocol/parameters.ts";

const regionRule = { oneOf: regionIds, rule: say("form_region") };

export const region = text(regionRule);
export const inRegion = required(region);
/** A CCN's region carries "ccn-" in the CEN API. */
export const cenRegion = text({
  oneOf: [...regionIds, ...regionIds.map((id) => `ccn-${id}`)],
  rule: say("form_cen_region"),
});
export const cenArea = text({ oneOf: cenAreas });

/** The instance an operation is about. */
export const sagId = text({ max: 64, missing: "SAG.InstanceIdEmpty" });
export const ccnId = text({ max: 64 });
export const id = text({ max: 64 });
export const uid = (invalid: string) => whole({ min: 1, invalid, rule: say("form_account_number") });
export const userName = text({ max: 64, missing: "ClientUser.NameEmpty", invalid: "ClientUser.NameInvalid" });
/** What is not looked at, and how the documentation tells it. */
export const noEffect = text({ max: 64, rule: say("form_no_effect") });
export const clientToken = text({ max: 64 });
export const filters = list(record({ Key: text({ max: 64 }), Value: list(text({ max: 128 }), 20) }), 5);

/** A filter's columns; a key that is not one of `columns` is refused, because ignoring it would return too much. */
export function filtersBy<C extends string>(
  given: readonly { Key: string | undefined; Value: string[] | undefined }[] | undefined,
  columns: Readonly<Record<string, C>>,
): { column: C; values: string[] }[] {
  return (given ?? []).map(({ Key, Value }) => {
    const column = Object.hasOwn(columns, Key ?? "") ? columns[Key ?? ""] : undefined;
    if (column === undefined) {
      throw new ApiFailure("InvalidFilter", say("api_filter_key", { known: Object.keys(columns).join(", ") }));
    }
    return { column, values: Value ?? [""] };
  });
}

export { paging, placeOf, wishOf } from "./pages.ts";

/** Time as the CEN API writes it. */
export const isoTime = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`;

export { list, record, required, text, truth, whole };
