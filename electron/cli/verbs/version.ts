import { thirdPartyLicenses } from "../../core/product/licenses.ts";
import { version as current } from "../../core/product/version.ts";
import type { Verb } from "../verb.ts";

export const version: Verb<[], { licenses?: boolean }> = async ({ output }, flags) => {
  const licenses = flags.licenses ? thirdPartyLicenses() : undefined;
  output.print(licenses ?? `sag ${current}`);
  output.printJson({ version: current, platform: process.platform, arch: process.arch, licenses });
  return 0;
};
