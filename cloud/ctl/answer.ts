import { ctlTexts } from "../../common/text/ctl.ts";
import type { Words } from "../../common/text/render.ts";
import { renderServerWords } from "../../common/text/server.ts";
import { fields, type Row } from "./output.ts";
import { type Shown, table } from "./table.ts";

const { output } = ctlTexts;

const hidden = new Set(["RequestId", "PageNumber", "PageSize", "TotalCount", "MaxResults", "NextToken"]);

/** Formats an answer for people: its list as a table, otherwise its fields. */
export function words(answer: Record<string, unknown>): Shown {
  const scalars: Row = {};
  for (const [name, value] of Object.entries(answer)) {
    if (hidden.has(name)) continue;
    const rows = rowsOf(value);
    if (rows) return table(rows);
    if (typeof value !== "object") scalars[name] = dated(name, value as string | number | boolean);
  }
  return Object.keys(scalars).length === 0 ? output.done : fields(scalars);
}

function rowsOf(value: unknown): Row[] | undefined {
  const inner = Array.isArray(value)
    ? value
    : typeof value === "object" && value !== null
      ? Object.values(value)[0]
      : undefined;
  if (!Array.isArray(inner)) return undefined;
  return inner.map((item: unknown): Row => {
    if (typeof item !== "object" || item === null) return { [output.columns.value]: String(item) };
    const pairs = Object.entries(item).map(([name, field]) => [name, dated(name, spoken(item, name, field))] as const);
    return Object.fromEntries(pairs.filter(([, text]) => text !== undefined)) as Row;
  });
}

/** The published API gives points in time as epoch ms, in fields such as EndTime and GmtCreate. */
const dated = <V>(name: string, value: V): V | string =>
  typeof value === "number" && value > 0 && /Time$|^Gmt|edAt$/.test(name) ? new Date(value).toISOString() : value;

/**
 * Text of a field. If the server also sends the field's message key (WhatWords next to What), the text is in the language of sagctl.
 */
function spoken(item: object, name: string, field: unknown): ReturnType<typeof plain> {
  const words = (item as Record<string, unknown>)[`${name}Words`];
  if (typeof words !== "object" || words === null || typeof field !== "string") return plain(field);
  return renderServerWords({ ...(words as Words), text: field });
}

function plain(value: unknown): string | number | boolean | undefined {
  if (typeof value !== "object" || value === null) return value as string;
  const inner = Array.isArray(value) ? value : Object.values(value)[0];
  return Array.isArray(inner) && inner.every((item) => typeof item !== "object") ? inner.join(" ") : undefined;
}
