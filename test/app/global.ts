import { buildApp } from "../../build/app.ts";
import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";

/** The specifications drive what is built: never something stale. */
export const setup = async (): Promise<void> => {
  await Promise.all([buildApp(), buildBundles(), buildNative()]);
};
