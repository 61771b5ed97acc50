import jsQr from "jsqr";
import type { Page } from "playwright-core";
import { readPng } from "../harness/png.ts";

/** What a camera in front of the window reads: the first QR code in the picture of it. */
export const readQr = async (page: Page): Promise<string | null> => {
  const { data, width, height } = readPng(await page.screenshot());
  // A CommonJS module, whose default is a property for TypeScript and the function itself here, or the other way round.
  const read = (jsQr as unknown as { default?: typeof jsQr }).default ?? jsQr;
  // Dark on light, as readers that know nothing else take it.
  return (read as unknown as Reader)(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null;
};

type Reader = (data: Uint8ClampedArray, width: number, height: number, options: object) => { data: string } | null;
