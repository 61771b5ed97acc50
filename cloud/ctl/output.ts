import { ctlTexts } from "../../common/text/ctl.ts";
import { printable } from "../domain/limits/text.ts";

const { output } = ctlTexts;
/** A row as it is shown. */
export type Row = Record<string, string | number | boolean | null>;

/** Removes control characters, so that text of a server or an administrator cannot control the terminal. */
export function plain(value: unknown): string {
  const text =
    value === null || value === undefined
      ? "-"
      : typeof value === "boolean"
        ? value
          ? output.yes
          : output.no
        : String(value);
  return printable(text);
}

/** Formats an object with one line per field. */
export function fields(row: Row): string {
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  return Object.entries(row)
    .map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}`)
    .join("\n");
}

/** Renames fields for display. */
export const renamed = <View extends Row>(view: View, names: Record<keyof View & string, string>): Row =>
  Object.fromEntries(Object.entries(view).map(([name, value]) => [names[name] ?? name, value]));

/** Formats a range of ports as it is stored: "-1/-1" → all, "80/80" → 80, "80/443" → 80-443. */
export function ports(range: string): string {
  const [from, to] = range.split("/");
  if (from === "-1") return output.allPorts;
  return to === undefined || from === to ? (from ?? "") : `${from}-${to}`;
}

/** Formats a duration: 90061 → 1d 1h 1m. */
export function duration(seconds: number): string {
  const units: [number, (n: number) => string][] = [
    [86_400, output.units.d],
    [3_600, output.units.h],
    [60, output.units.m],
    [1, output.units.s],
  ];
  const parts: string[] = [];
  let left = Math.max(0, Math.round(seconds));
  for (const [size, unit] of units) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(unit(n));
  }
  return parts.slice(0, 3).join(" ") || output.units.s(0);
}
