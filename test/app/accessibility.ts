import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** The engine that comes with Playwright's adapter, which itself would put it into the page anew for each run. */
const { source } = createRequire(createRequire(import.meta.url).resolve("@axe-core/playwright"))("axe-core") as {
  source: string;
};

interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/**
 * What axe finds wrong with the page as it is; it stays in the page until that is loaded anew.
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
