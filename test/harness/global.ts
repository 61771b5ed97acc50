import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";

/** The tests drive what is built: never something stale. */
export const setup = async (): Promise<void> => {
  await Promise.all([buildBundles(), buildNative()]);
};
