import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** The axe-core version of Playwright's adapter. The adapter would inject it again on every run. */
const { source } = createRequire(createRequire(import.meta.url).resolve("@axe-core/playwright"))("axe-core") as {
  source: string;
};

interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/**
 * Returns axe's findings for the current page. axe is injected once per page load.
 * @param rules undefined = all.
 */
export const accessibility = async (page: Page, rules?: string[]): Promise<string[]> => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source);
  return page.evaluate(async (wanted) => {
    const { axe } = window as unknown as { axe: Axe };
    const options = { resultTypes: ["violations"], ...(wanted ? { runOnly: { type: "rule", values: wanted } } : {}) };
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  }, rules);
};
