import type { Translated } from "../types.ts";

/**
 * Puts every text in ⟦ ⟧, including the results of functions. Empty texts stay empty, because they mean that nothing
 * is shown.
 */
export function bracketed<T>(texts: T): Translated<T> {
  return change(texts, (text) => `⟦${text}⟧`) as Translated<T>;
}

/** The same with every text a third longer, as translations often are, so that cut-off texts are noticed. */
export function lengthened<T>(texts: T): Translated<T> {
  return change(texts, (text) => `⟦${text} ${filler(Math.ceil(text.length * 0.3))}⟧`) as Translated<T>;
}

/** A filler that occurs in no text, with blanks where lines can break. */
const filler = (length: number): string =>
  "~~~~ "
    .repeat(Math.ceil(length / 5))
    .slice(0, length)
    .trimEnd();

function change(value: unknown, mark: (text: string) => string): unknown {
  if (typeof value === "string") return value === "" ? "" : mark(value);
  if (typeof value === "function") return (...args: unknown[]) => change(value(...args), mark);
  if (Array.isArray(value)) return value.map((one) => change(one, mark));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one, mark)]));
}
