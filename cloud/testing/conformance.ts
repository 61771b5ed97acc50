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

/** What of an answer is not as published: fields that do not exist, and values of another type. */
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

/** Wraps a client: every answer is held against the published shape, and what was asked is remembered. */
export function conforming(ask: Ask, seen: Set<string>, wrong: string[]): Ask {
  return async (action, fields, product) => {
    const answer = await ask(action, fields, product);
    seen.add(action);
    wrong.push(...deviations(action, answer));
    if (!/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/.test(String(answer.RequestId)))
      wrong.push(`${action}: RequestId`);
    return answer;
  };
}
