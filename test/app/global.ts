import { buildApp } from "../../build/app.ts";
import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";

/** Builds everything first, so that the tests never run outdated builds. */
export const setup = async (): Promise<void> => {
  await Promise.all([buildApp(), buildBundles(), buildNative()]);
};
