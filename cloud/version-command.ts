import type { Command } from "commander";
import { ctlTexts } from "../common/text/ctl.ts";
import { version } from "./api/hello.ts";
import { thirdPartyLicenses } from "./base/licenses.ts";
import { printResult } from "./results.ts";

const { help } = ctlTexts;

/** Adds the command `version [--licenses]`, in addition to commander's --version. */
export function versionCommand(program: Command): void {
  program
    .command("version")
    .description(help.version.what)
    .option("--licenses", help.version.licenses)
    .action(({ licenses }: { licenses?: boolean }) => {
      printResult(licenses ? thirdPartyLicenses() : `${version}\n`);
    });
}
