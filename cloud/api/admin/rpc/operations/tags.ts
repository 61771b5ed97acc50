import type { Kysely, SelectQueryBuilder } from "kysely";
import type { Tag } from "../../../../domain/tags.ts";
import type { Schema } from "../../../../store/schema.ts";
import { list, record, required, text } from "../protocol/parameters.ts";

/** Tags as this API takes them: to be set, or to be filtered by. */
export const tags = list(record({ Key: required(text({ min: 1, max: 64 })), Value: text({ max: 128 }) }), 20);

type Given = readonly { Key: string; Value: string | undefined }[] | undefined;

export const givenTags = (given: Given): Tag[] =>
  (given ?? []).map(({ Key, Value }) => ({ key: Key, value: Value ?? "" }));

/** Tags as this API tells them. */
export const toldTags = (all: readonly Tag[] = []) => ({
  Tag: all.map(({ key, value }) => ({ Key: key, Value: value })),
});

/** For each tag, the ids of what has it; with any value if none is given. */
export function havingTags(
  db: Kysely<Schema>,
  given: Given,
): SelectQueryBuilder<Schema, "tag", { object_id: string }>[] {
  return (given ?? []).map(({ Key, Value }) => {
    const having = db.selectFrom("tag").select("object_id").where("key", "=", Key);
    return Value === undefined ? having : having.where("value", "=", Value);
  });
}
