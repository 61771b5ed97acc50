import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ctlTexts } from "../../../common/text/ctl.ts";
import { invalid, Refusal } from "../../base/cause.ts";
import { foreign } from "../../base/say.ts";
import { unexpanded } from "../../paths.ts";
import { type BackupView, backUp } from "../../store/backup.ts";
import { lockDirectory } from "../../store/lock.ts";
import { databaseFile } from "../../store/open.ts";
import { type Restored, restore } from "../../store/restore.ts";
import type { Tools, Verbs } from "../command.ts";
import { fields, renamed } from "../output.ts";

const { errors, help, output } = ctlTexts;

/** Lets the server make the backup. If none is running, this process copies the files, which cannot change meanwhile. */
async function makeBackup({ ask }: Tools, directory: string, path: string): Promise<BackupView> {
  try {
    return (await ask("backup", { path })) as BackupView;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "service_not_running") throw error;
  }
  if (!existsSync(join(directory, databaseFile))) {
    throw new Refusal("not_found", foreign(errors.files.noServerData(directory)));
  }
  const unlock = lockDirectory(directory);
  try {
    return await backUp(directory, path, Date.now());
  } finally {
    unlock();
  }
}

export const storeVerbs: Verbs = (program, tools) => {
  const directory = (): string => {
    const { data } = program.opts<{ data?: string }>();
    if (data === undefined) throw invalid("data", foreign(errors.arguments.data));
    return resolve(unexpanded(data, "data"));
  };
  program
    .command("backup <path>")
    .description(help.backup)
    .action(async (path: string) => {
      const at = tools();
      const made = await makeBackup(at, directory(), resolve(path));
      at.print(made, (view: BackupView) =>
        fields(renamed({ ...view, tls: view.tls ? output.tlsIncluded : output.tlsNotIncluded }, output.views.backup)),
      );
    });
  program
    .command("restore <path>")
    .description(help.restore.what)
    .option("--replace", help.restore.replace)
    .action(async (path: string, o: { replace?: boolean }) => {
      const done = await restore(resolve(path), directory(), o.replace === true, Date.now());
      tools().print(done, (view: Restored) => fields(renamed({ ...view }, output.views.restore)));
    });
};
