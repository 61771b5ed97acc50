import { textRules } from "../../../../domain/limits/text.ts";
import { maxTagged } from "../../../../domain/limits/values.ts";
import type { Tag } from "../../../../domain/tags.ts";
import type { TagFilter } from "../../../../store/queries/listings/tags.ts";
import { list, record, required, text } from "../protocol/parameters.ts";

/** Tags in requests, to set or to filter by. */
export const tags = list(record({ Key: required(text(textRules.tagKey)), Value: text(textRules.tagValue) }), maxTagged);

type Given = readonly { Key: string; Value: string | undefined }[] | undefined;

export const givenTags = (given: Given): Tag[] =>
  (given ?? []).map(({ Key, Value }) => ({ key: Key, value: Value ?? "" }));

/** Tags in answers. */
export const tagsAnswer = (all: readonly Tag[] = []) => ({
  Tag: all.map(({ key, value }) => ({ Key: key, Value: value })),
});

/** Tags in requests as filters. */
export const tagFilters = (given: Given): TagFilter[] =>
  (given ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
