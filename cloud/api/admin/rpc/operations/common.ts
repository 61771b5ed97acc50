import { say } from "../../../../base/say.ts";
import { cenAreas, regionIds } from "../../../../domain/areas/regions.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { bool, list, record, required, text, whole } from "../protocol/parameters.ts";

const regionRule = { oneOf: regionIds, rule: say("form_region") };

export const region = text(regionRule);
export const inRegion = required(region);
/** In the CEN API, the region of a CCN has the prefix "ccn-". */
export const cenRegion = text({
  oneOf: [...regionIds, ...regionIds.map((id) => `ccn-${id}`)],
  rule: say("form_cen_region"),
});
export const cenArea = text({ oneOf: cenAreas });

/** A region for operations with their own codes. */
export const regionWith = (codes: { missing?: string; invalid?: string }) =>
  required(text({ ...regionRule, ...codes }));

/** Id of the SAG instance. */
export const sagId = text({ max: 64, missing: "SAG.InstanceIdEmpty" });
export const ccnId = text({ max: 64 });
export const id = text({ max: 64 });
export const uid = (invalid: string) => whole({ min: 1, invalid, rule: say("form_account_number") });
export const userName = text({ max: 64, missing: "ClientUser.NameEmpty", invalid: "ClientUser.NameInvalid" });
/** A parameter that is accepted and ignored; the documentation says so. */
export const noEffect = text({ max: 64, rule: say("form_no_effect") });
export const clientToken = text({ max: 64 });
export const filters = list(record({ Key: text({ max: 64 }), Value: list(text({ max: 128 }), 20) }), 5);

/** Translates filter keys to columns. Refuses an unknown key, because ignoring it would return too many rows. */
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

/** Time in the CEN API's format. */
export const isoTime = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`;

export { bool, list, record, required, text, whole };
