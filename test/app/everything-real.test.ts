import { mkdirSync } from "node:fs";
import { chromium, type Locator, type Page } from "playwright-core";
import { expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { givenCompany } from "../e2e/fixture.ts";
import { must } from "../harness/command.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { launchReal, signIn } from "./real.ts";

const company = givenCompany({
  accessPoints: 2,
  prepare: async (site) => {
    await site.sagctl(["resource", "add", "Portal", portalUrl]);
    await site.sagctl(["resource", "add", "Build server", "build.trial.internal", "--kind", "ssh"]);
  },
});
const folder = at("test-results/screens");

test("first start, link, sign-in, connect, intranet page, traffic, disconnect, sign-out, without mocks", async () => {
  mkdirSync(folder, { recursive: true });
  const person = company.person("app");
  const env = { ...person.env, GSETTINGS_BACKEND: "keyfile" };
  const proxy = async (key: string): Promise<string> =>
    (await must(["gsettings", "get", "org.gnome.system.proxy", key], { env })).trim();
  const app = await launchReal(company, person);
  try {
    const page = await app.page();
    await signIn(page, company);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("heading", { name: "Connected", exact: true }).waitFor();
    await page.getByRole("button", { name: /^Access point: access-point-/ }).waitFor();

    expect(await proxy("mode")).toBe("'none'");
    await page.getByText("Open intranet pages in my browser").click();
    await expect.poll(() => proxy("mode")).toBe("'auto'");
    expect(await visit(env)).toContain(portalText);

    const published = page.getByRole("region", { name: "In the intranet" });
    await published.getByRole("button", { name: "Copy Build server" }).click();
    if (app.host.kind === "standin") {
      await expect.poll(() => app.host.evaluate(({ clipboard }) => clipboard.readText())).toBe("build.trial.internal");
      await published.getByRole("button", { name: "Open Portal" }).click();
      await expect.poll(() => app.host.evaluate(({ shell }) => shell.opened)).toEqual([portalUrl]);
    }

    const graph = page.getByRole("slider", { name: "Traffic of the last five minutes" });
    await graph.focus();
    // The fetched page is counted a moment later, somewhere in the last minute.
    await expect.poll(() => ratesOfLastMinute(page, graph)).toContainEqual(expect.stringMatching(/[1-9].*bit/));
    await page.screenshot({ path: `${folder}/real-connected.png` });

    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("heading", { name: "Disconnected", exact: true }).waitFor();
    await expect.poll(() => proxy("mode")).toBe("'none'");

    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Signed out", exact: true }).waitFor();
    expect(app.complaints).toEqual([]);
  } finally {
    await app.host.close();
  }
});

/** The values that the arrow keys read for the last minute. */
const ratesOfLastMinute = async (page: Page, graph: Locator): Promise<string[]> => {
  await page.keyboard.press("End");
  const values: string[] = [];
  for (let i = 0; i < 60; i += 1) {
    values.push((await graph.getAttribute("aria-valuetext"))?.replace(/^.*?: /, "") ?? "");
    await page.keyboard.press("ArrowLeft");
  }
  return values;
};

/** A browser that follows GNOME's proxy setting. */
const visit = async (env: NodeJS.ProcessEnv): Promise<string> => {
  const browser = await chromium.launch({
    executablePath: process.env.SAG_CHROMIUM ?? "/usr/bin/chromium",
    chromiumSandbox: process.getuid?.() !== 0,
    env: { ...(env as Record<string, string>), XDG_CURRENT_DESKTOP: "GNOME" },
  });
  try {
    const page = await browser.newPage();
    await page.goto(portalUrl);
    return await page.locator("body").innerText();
  } finally {
    await browser.close();
  }
};
