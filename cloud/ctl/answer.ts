import { fields, type Row, table } from "./output.ts";

const hidden = new Set(["RequestId", "PageNumber", "PageSize", "TotalCount", "MaxResults", "NextToken"]);

/** An answer for people: its list as a table, else its fields. */
export function words(answer: Record<string, unknown>): string {
  const scalars: Row = {};
  for (const [name, value] of Object.entries(answer)) {
    if (hidden.has(name)) continue;
    const rows = rowsOf(value);
    if (rows) return table(rows);
    if (typeof value !== "object") scalars[name] = value as string;
  }
  return Object.keys(scalars).length === 0 ? "Done." : fields(scalars);
}

function rowsOf(value: unknown): Row[] | undefined {
  const inner = Array.isArray(value)
    ? value
    : typeof value === "object" && value !== null
      ? Object.values(value)[0]
      : undefined;
  if (!Array.isArray(inner)) return undefined;
  return inner.map((item: unknown): Row => {
    if (typeof item !== "object" || item === null) return { value: String(item) };
    const pairs = Object.entries(item).map(([name, field]) => [name, plain(field)] as const);
    return Object.fromEntries(pairs.filter(([, text]) => text !== undefined)) as Row;
  });
}

function plain(value: unknown): string | number | boolean | undefined {
  if (typeof value !== "object" || value === null) return value as string;
  const inner = Array.isArray(value) ? value : Object.values(value)[0];
  return Array.isArray(inner) && inner.every((item) => typeof item !== "object") ? inner.join(" ") : undefined;
}
