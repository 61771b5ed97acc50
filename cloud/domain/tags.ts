import type { Tx } from "../store/db.ts";
import { replaceTags, type Tag, tagsOf } from "../store/queries/tags.ts";
import { violation } from "./rules.ts";

export { type Tag, tagsOf };

/** Maximum number of tags per object. */
export const maxTags = 20;

/** Tags that the published API reserves. */
const reserved = /^(aliyun|acs:)|https?:\/\//i;

function requireTags(tags: readonly Tag[]): void {
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length) throw violation("tag-twice");
  for (const { key, value } of tags) {
    if (reserved.test(key) || reserved.test(value)) throw violation("tag-reserved");
  }
}

/** Replaces an object's tags. */
export async function setTags(tx: Tx, objectId: string, tags: readonly Tag[]): Promise<void> {
  requireTags(tags);
  await replaceTags(tx, objectId, tags);
}

/** Adds tags to an object; a tag with an existing key replaces it. */
export async function addTags(tx: Tx, objectId: string, tags: readonly Tag[]): Promise<void> {
  requireTags(tags);
  const known = (await tagsOf(tx, [objectId])).get(objectId) ?? [];
  const kept = known.filter((one) => !tags.some((tag) => tag.key === one.key));
  if (kept.length + tags.length > maxTags) throw violation("tag-limit", { object: objectId, limit: maxTags });
  await replaceTags(tx, objectId, [...kept, ...tags]);
}

/** Removes the tags with these keys; undefined = all. Missing keys are ignored. */
export async function removeTags(tx: Tx, objectId: string, keys: readonly string[] | undefined): Promise<void> {
  const known = (await tagsOf(tx, [objectId])).get(objectId) ?? [];
  const kept = keys === undefined ? [] : known.filter(({ key }) => !keys.includes(key));
  await replaceTags(tx, objectId, kept);
}
