/** One row as people see it. */
export type Row = Record<string, string | number | boolean | null>;

/** Text of a server or an administrator must not steer the terminal. */
function plain(value: unknown): string {
  const text =
    value === null || value === undefined ? "-" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

/** Columns padded to their widest value. */
export function table(rows: readonly Row[]): string {
  const first = rows[0];
  if (!first) return "None.";
  const columns = Object.keys(first);
  const cells = [
    columns.map((name) => name.toUpperCase()),
    ...rows.map((row) => columns.map((name) => plain(row[name]))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => [...(line[i] ?? "")].length)));
  return cells
    .map((line) =>
      line
        .map((text, i) => text + " ".repeat((widths[i] ?? 0) - [...text].length))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One object, a line per field. */
export function fields(row: Row): string {
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  return Object.entries(row)
    .map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}`)
    .join("\n");
}

/** 90061 → 1d 1h 1m. */
export function duration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "m"],
    [1, "s"],
  ];
  const parts: string[] = [];
  let left = Math.max(0, Math.round(seconds));
  for (const [size, unit] of units) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 3).join(" ") || "0s";
}
