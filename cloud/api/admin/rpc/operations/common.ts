import { cenAreas, regions } from "../../../../domain/areas/regions.ts";
import { list, record, required, text, truth, whole } from "../protocol/parameters.ts";

const regionIds = regions.map((region) => region.id);
const regionRule = { oneOf: regionIds, rule: "a region's id, see DescribeRegions" };

export const region = text(regionRule);
export const inRegion = required(region);
/** A CCN's region carries "ccn-" in the CEN API. */
export const cenRegion = text({
  oneOf: [...regionIds, ...regionIds.map((id) => `ccn-${id}`)],
  rule: "a region's id, of a CCN with ccn- in front",
});
export const cenArea = text({ oneOf: cenAreas });

/** The instance an operation is about. */
export const sagId = text({ max: 64, missing: "SAG.InstanceIdEmpty" });
export const ccnId = text({ max: 64 });
export const id = text({ max: 64 });
export const uid = (invalid: string) => whole({ min: 1, invalid, rule: "an account's number" });
export const userName = text({ max: 64, missing: "ClientUser.NameEmpty", invalid: "ClientUser.NameInvalid" });
export const clientToken = text({ max: 64 });
export const filters = list(record({ Key: text({ max: 64 }), Value: list(text({ max: 128 }), 20) }), 5);

export { pageInOrder, pageOf, paging } from "./pages.ts";

/** Time as the CEN API writes it. */
export const isoTime = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`;

export const contains = (part: string) =>
  `%${part.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_")}%`;

export { list, record, required, text, truth, whole };
