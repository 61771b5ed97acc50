import { buildBundles } from "../../build/build.ts";
import { say } from "../../build/lib/say.ts";
import { buildNative } from "../../build/native.ts";
import { chooseSeed } from "./variation.ts";

/** Builds everything first, so that the tests never run outdated builds. */
export const setup = async (): Promise<void> => {
  say(`  SAG_TEST_SEED=${chooseSeed()} chooses what differs between the networks and machines of the tests`);
  await Promise.all([buildBundles(), buildNative()]);
};
