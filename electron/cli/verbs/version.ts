import { version as current } from "../../core/version.ts";
import type { Verb } from "../verb.ts";

export const version: Verb<[], object> = async ({ output }) => {
  output.print(`sag ${current}`);
  output.printJson({ version: current, platform: process.platform, arch: process.arch });
  return 0;
};
