import { tagAdd, tagList, tagRemove } from "../../../../admin/commands/cens.ts";
import { foreign, say } from "../../../../base/say.ts";
import { regionIds } from "../../../../domain/areas/regions.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { maxTagged } from "../../../../domain/limits/values.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, id, list, paging, required, text } from "./common.ts";
import { givenTags, tagFilters, tags } from "./tags.ts";

const mapped = mapping("cbn", "cenTags");

const taggable = ["cen", "bandwidthpackage"] as const;
type Taggable = (typeof taggable)[number];

/** The product's documentation writes Cen, its tools write cen. */
const resourceType = text({
  max: 32,
  pattern: /^(cen|bandwidthpackage)$/i,
  invalid: "InvalidResourceType",
  rule: foreign("Cen | BandwidthPackage"),
});
const resourceIds = list(id, maxTagged);
/** Accepted for compatibility; a CEN has no region. */
const noRegion = text({ oneOf: regionIds, rule: say("form_no_effect") });
const common = { RegionId: noRegion, ResourceType: required(resourceType) };
const keys = list(text(textRules.tagKey), maxTagged);

const typeOf = (given: string) => given.toLowerCase() as Taggable;

const codes = { "no-package": "ParameterBwpInstanceId" } as const;

export const cenTagOperations: Operation[] = [
  mapped("TagResources", {
    command: tagAdd,
    parameters: { ...common, ResourceId: required(resourceIds), Tag: required(tags) },
    input: (v) => ({ type: typeOf(v.ResourceType), ids: v.ResourceId, tags: givenTags(v.Tag) }),
    codes,
  }),
  mapped("UntagResources", {
    command: tagRemove,
    parameters: { ...common, ResourceId: required(resourceIds), TagKey: keys, All: bool() },
    input(v) {
      if (v.TagKey === undefined && v.All !== true) throw new ApiFailure("MissingTagKey", say("api_tag_key"));
      return { type: typeOf(v.ResourceType), ids: v.ResourceId, keys: v.TagKey };
    },
    codes,
  }),
  mapped("ListTagResources", {
    command: tagList,
    parameters: {
      ...common,
      ResourceId: resourceIds,
      Tag: tags,
      PageSize: paging.PageSize,
      NextToken: text({ max: 512 }),
    },
    input: (v) => ({
      type: typeOf(v.ResourceType),
      ids: v.ResourceId,
      having: tagFilters(v.Tag),
      after: v.NextToken === undefined ? undefined : readToken(v.NextToken),
      // Fetch one more row than requested, to know whether there is another page.
      limit: sizeOf(v) + 1,
    }),
    answer(rows, v) {
      const page = rows.slice(0, sizeOf(v));
      const last = page.at(-1);
      const TagResource = page.map(({ id, key, value }) => ({
        ResourceId: id,
        ResourceType: v.ResourceType,
        TagKey: key,
        TagValue: value,
      }));
      const more = rows.length > page.length && last ? { NextToken: makeToken(last.id, last.key) } : {};
      return { ...more, TagResources: { TagResource } };
    },
  }),
];

const sizeOf = (v: { PageSize: number | undefined }) => v.PageSize ?? 10;

/** The token that continues after this row. */
const makeToken = (objectId: string, key: string) => Buffer.from(JSON.stringify([objectId, key])).toString("base64url");

function readToken(token: string): [string, string] {
  try {
    const [objectId, key] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    if (typeof objectId === "string" && typeof key === "string") return [objectId, key];
  } catch {
    // An invalid token is refused below.
  }
  throw new ApiFailure("InvalidNextToken", say("api_next_token_tags"));
}
