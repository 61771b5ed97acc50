import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// Has to be set before the texts are loaded, because the tests use them too.
vi.hoisted(() => {
  process.env.SAG_LANGUAGE = "pseudo-long";
});

import { type App, launch } from "./launch.ts";
import { screens } from "./screens.ts";

/** Data that is not text: names, addresses, numbers and codes of the samples, and messages from an administrator. */
const data = [
  /\b[a-z]+_[a-z_]+\b/g,
  // The longest first, because one may be part of another.
  /Maintenance on Saturday.*|[a-z]+\.contoso\.example/g,
  /Customer relations, archive of the north|build.server|Fabrikam Research|anna-laptop|anna-phone|systemd-resolved/g,
  /Contoso|Frankfurt|a\.meier|anna|portal|wiki|laptop|phone/g,
  /ses-\w+|(?:[A-Z2-7]{4} ?){4,}/g,
  // The button that react-aria provides for screen readers to close a dialog.
  /^Dismiss$/g,
  /sag:\/\/\S+|https?:\/\/\S+|\S+\.(example|invalid)\S*/g,
  /sudo sag lockdown off/g,
  /\b[0-9a-fA-F]{4,}\b/g,
];

let app: App;
beforeAll(async () => {
  app = await launch({ env: { SAG_LANGUAGE: "pseudo-long" } });
});
afterAll(() => app.close());

/** Finds elements by their English names, which are in brackets here. */
function bracketed(page: Page): Page {
  const named = (name: unknown): unknown =>
    typeof name === "string" ? new RegExp(`^⟦?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}[ ~]*⟧?$`) : name;
  return new Proxy(page, {
    get: (target, property) => {
      const value = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      if (property === "getByRole")
        return (role: string, options: { name?: unknown; exact?: boolean } = {}) =>
          value.call(target, role, options.exact ? { ...options, exact: false, name: named(options.name) } : options);
      if (property === "getByLabel" || property === "getByText")
        return (text: unknown, options: { exact?: boolean } = {}) =>
          value.call(target, options.exact ? named(text) : text, { ...options, exact: false });
      return value.bind(target);
    },
  });
}

/** All visible and accessible texts of the page. */
const pieces = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (!node.parentElement?.closest("script, style")) found.push(node.textContent ?? "");
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt], [aria-valuetext]"))
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"])
        found.push(element.getAttribute(name) ?? "");
    return found;
  });

/** The words outside of brackets, which may be nested. */
function wordsOutside(text: string): string[] {
  let depth = 0;
  let rest = "";
  for (const letter of text) {
    if (letter === "⟦") depth += 1;
    else if (letter === "⟧") depth -= 1;
    else if (depth === 0) rest += letter;
  }
  expect(depth, text).toBe(0);
  for (const one of data) rest = rest.replaceAll(one, " ");
  return rest.match(/\p{L}{2,}/gu) ?? [];
}

describe("all words of the window are bracketed", () => {
  test.each(screens)("$name", async ({ go }) => {
    await app.asNew();
    const page = bracketed(await app.page());
    await go(app, page);
    const all = await pieces(page);
    expect(all.some((piece) => piece.includes("⟦"))).toBe(true);
    expect([...new Set(all.flatMap(wordsOutside))].sort()).toEqual([]);
  });
});
