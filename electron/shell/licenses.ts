import { existsSync } from "node:fs";
import { join } from "node:path";
import { shell } from "electron";
import { texts } from "../../common/text/shell.ts";
import type { Answer } from "../bridge.ts";
import { Failure } from "../core/causes/failure.ts";

const file = "THIRD_PARTY_LICENSES.txt";

/** Opens the licences of the built-in components with the system's viewer for text files. */
export const openLicenses = async (): Promise<Answer<null>> => {
  // Installed, the file is beside the asar; in a checkout, beside the bundle.
  const path = [process.resourcesPath, import.meta.dirname]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, file))
    .find((place) => existsSync(place));
  const trouble = path === undefined ? texts.shell.licensesMissing(file) : await shell.openPath(path);
  return trouble ? { ok: false, failure: new Failure("unknown", { text: trouble }).view } : { ok: true, value: null };
};
