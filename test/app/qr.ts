import jsQr from "jsqr";
import type { Page } from "playwright-core";
import { readPng } from "../harness/png.ts";

/** Reads the first QR code in a screenshot of the page. */
export const readQr = async (page: Page): Promise<string | null> => {
  const { data, width, height } = readPng(await page.screenshot());
  // A CommonJS module: depending on the loader, the function is the default export or its `default` property.
  const read = (jsQr as unknown as { default?: typeof jsQr }).default ?? jsQr;
  // Only dark on light, because some readers support nothing else.
  return (read as unknown as Reader)(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null;
};

type Reader = (data: Uint8ClampedArray, width: number, height: number, options: object) => { data: string } | null;
