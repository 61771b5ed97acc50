import type { Migration, MigrationProvider } from "kysely/migration";
import * as start from "./0001-start.ts";
import * as administration from "./0002-administration.ts";
import * as running from "./0003-running.ts";
import * as people from "./0004-people.ts";

/** In code and not in a folder, so that they are in the bundle. Names sort in the order in which they apply. */
export const migrations: MigrationProvider = {
  async getMigrations(): Promise<Record<string, Migration>> {
    return {
      "0001-start": start,
      "0002-administration": administration,
      "0003-running": running,
      "0004-people": people,
    };
  },
};
