import type { Page } from "playwright-core";
import { expect } from "vitest";
import { failureView } from "../../electron/core/causes/failure.ts";
import { warningView } from "../../electron/core/causes/warnings.ts";
import type { IntranetState } from "../../electron/core/client/model.ts";
import { brokenChain, connected, failed, guarded, session } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { test } from "./shared.ts";

let app: App;
let page: Page;

test.beforeAll(async ({ shared }) => {
  app = shared;
  await app.asNew();
  await app.put(connected());
  page = await app.page();
});

const texts = {
  markup: `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><b>bold</b>`,
  "right-to-left overrides": "\u202Eevil\u202C \u2067gnp.exe\u2069 \u200F\u061C!",
  "10,000 characters": "x".repeat(10_000),
  "10,000 words": "long ".repeat(10_000),
  "combining marks": `Z${"\u0335\u0353\u0349".repeat(200)}algo`,
  "control characters": "a\u0000b\u0007c\u001B[31mred\r\nnext\u2028line",
};

/** A state in which all text from other programs is `text`. */
const hostile = (text: string): IntranetState =>
  connected({
    displayName: text,
    userName: text,
    server: text,
    notice: text,
    accessPoint: { id: "ap", name: text, endpoint: text, latencyMs: 3 },
    hops: brokenChain().map((hop) => ({
      ...hop,
      name: text,
      missing: hop.missing && { ...hop.missing, message: text },
    })),
    warnings: [{ ...warningView("unknown"), message: text }],
    session: session({
      resources: [
        { name: text, kind: "web", address: "https://portal.contoso.example/" },
        { name: text, kind: "ssh", address: text },
      ],
    }),
    machine: guarded({}, { domains: [text, text, text], trouble: text }),
  });

test.each(Object.entries(texts))("%s are shown as text without breaking the layout", async (_name, text) => {
  const failure = { ...failureView("kicked"), message: text, action: text };
  const held = { blocking: "intranet" as const, machine: guarded({ prefixes: [text, text] }) };
  for (const state of [hostile(text), failed("kicked", { displayName: text, cause: failure, ...held })]) {
    await app.put(state);
    await page.getByRole("button", { name: state.phase === "connected" ? "Disconnect" : "Connect again" }).waitFor();
    for (const size of [
      { width: 360, height: 560 },
      { width: 1100, height: 720 },
    ]) {
      await page.setViewportSize(size);
      // The graph is resized one frame later.
      await page.evaluate(
        () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))),
      );
      const seen = await page.evaluate(() => {
        const beyond = [...document.querySelectorAll<HTMLElement>("main *, header *")].filter((element) => {
          const { left, right, width } = element.getBoundingClientRect();
          // Elements that are cut off with an ellipsis may be wider.
          const isCut = element.closest(".one-line") !== null || element.closest(".hidden-visually") !== null;
          return width > 0 && !isCut && (right > innerWidth + 1 || left < -1);
        });
        return {
          title: document.title,
          sideways: document.documentElement.scrollWidth > innerWidth,
          beyond: beyond.map((element) => element.outerHTML.slice(0, 120)),
          made: document.querySelectorAll("main img, main script, main b, header b").length,
        };
      });
      expect(seen).toEqual({ title: "SAG", sideways: false, beyond: [], made: 0 });
      const button = await page.locator(".state > .button").boundingBox();
      expect(button?.width).toBeGreaterThan(100);
    }
  }
});

test("direction marks do not affect the text around them", async () => {
  await app.put(
    connected({ accessPoint: { id: "ap", name: "\u202Etrufknarf", endpoint: "192.0.2.1:1", latencyMs: 12 } }),
  );
  const isolated = await page
    .getByRole("button", { name: /^Access point/ })
    .locator(".foreign")
    .evaluate((element) => getComputedStyle(element).unicodeBidi);
  expect(isolated).toBe("isolate");
});

test("nothing was executed or logged", () => expect(app.complaints).toEqual([]));
