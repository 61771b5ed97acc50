import { readFileSync } from "node:fs";
import { productVersions } from "../api/admin/rpc/protocol/operation.ts";
import type { JsonType } from "../api/admin/rpc/protocol/parameters.ts";
import type { Ask, Fields } from "./admin-api.ts";

type Shapes = Record<string, { response: Record<string, JsonType> }>;

const shapes = (product: "smartag" | "cbn"): Shapes =>
  JSON.parse(
    readFileSync(
      new URL(`../api/admin/rpc/testdata/${product}-${productVersions[product]}.json`, import.meta.url),
      "utf8",
    ),
  ) as Shapes;
const known: Shapes = { ...shapes("smartag"), ...shapes("cbn") };

/** Differences of an answer from the published shape: unknown fields, and values of another type. */
export function deviations(action: string, answer: Fields): string[] {
  const shape = known[action];
  return shape ? compare(action, answer, shape.response) : [];
}

function compare(path: string, value: unknown, type: JsonType): string[] {
  if (Array.isArray(type)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, i) => compare(`${path}.${i + 1}`, item, type[0] ?? "str"));
  }
  if (typeof type === "object") {
    if (typeof value !== "object" || value === null) return [`${path} is no object`];
    return Object.entries(value).flatMap(([name, field]) => {
      const expected = type[name];
      return expected === undefined
        ? [`${path}.${name} is not published`]
        : compare(`${path}.${name}`, field, expected);
    });
  }
  const fits =
    type === "int"
      ? Number.isSafeInteger(value)
      : type === "bool"
        ? typeof value === "boolean"
        : typeof value === "string";
  return fits ? [] : [`${path} is ${JSON.stringify(value)}, not ${type}`];
}

/** Names of all fields of a published answer; fields of list elements have the list's name as prefix: "Acls.Acl.AclId". */
export function publishedFields(action: string): string[] {
  const leaves = (type: JsonType, path: string): string[] => {
    if (Array.isArray(type)) return leaves(type[0] ?? "str", path);
    if (typeof type !== "object") return [path];
    return Object.entries(type).flatMap(([name, field]) => leaves(field, path === "" ? name : `${path}.${name}`));
  };
  const shape = known[action];
  return shape ? leaves(shape.response, "") : [];
}

/** Names of the fields of an answer, in the form of publishedFields. */
function answeredFields(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => answeredFields(item, path));
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, field]) =>
    answeredFields(field, path === "" ? name : `${path}.${name}`),
  );
}

/** Wraps a client: records every operation with its answered fields, and compares each answer with the published shape. */
export function conforming(ask: Ask, seen: Map<string, Set<string>>, wrong: string[]): Ask {
  return async (action, fields, product) => {
    const answer = await ask(action, fields, product);
    const answered = seen.get(action) ?? new Set();
    for (const field of answeredFields(answer)) answered.add(field);
    seen.set(action, answered);
    wrong.push(...deviations(action, answer));
    if (!/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/.test(String(answer.RequestId)))
      wrong.push(`${action}: RequestId`);
    return answer;
  };
}
