import type { Translated } from "../types.ts";

/** Every text in ⟦ ⟧, those that functions answer too. An empty one stays empty: it means that nothing is shown. */
export function bracketed<T>(texts: T): Translated<T> {
  return change(texts, (text) => `⟦${text}⟧`) as Translated<T>;
}

/** The same, each a third longer, as texts are in other languages: what is cut off then is seen. */
export function lengthened<T>(texts: T): Translated<T> {
  return change(texts, (text) => `⟦${text} ${filler(Math.ceil(text.length * 0.3))}⟧`) as Translated<T>;
}

/** Made of marks that no word has, in pieces that a line can break between. */
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
