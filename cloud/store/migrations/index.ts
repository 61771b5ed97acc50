import type { Migration, MigrationProvider } from "kysely/migration";
import * as start from "./0001-start.ts";
import * as administration from "./0002-administration.ts";
import * as running from "./0003-running.ts";
import * as people from "./0004-people.ts";
import * as names from "./0005-names.ts";
import * as registering from "./0006-registering.ts";
import * as searchDomains from "./0007-search-domains.ts";
import * as markedDefault from "./0008-marked-default.ts";
import * as exactlyOne from "./0009-exactly-one.ts";
import * as endReasons from "./0010-end-reasons.ts";
import * as qosAndFlowLogs from "./0011-qos-and-flow-logs.ts";
import * as deviceNames from "./0012-device-names.ts";
import * as bans from "./0013-bans.ts";
import * as accountAcls from "./0014-account-acls.ts";
import * as instanceBandwidth from "./0015-instance-bandwidth.ts";
import * as pagingIndexes from "./0016-paging-indexes.ts";

/** Listed in code instead of a folder, so that they are part of the bundle. Their names sort in the order of application. */
export const migrations: MigrationProvider = {
  async getMigrations(): Promise<Record<string, Migration>> {
    return {
      "0001-start": start,
      "0002-administration": administration,
      "0003-running": running,
      "0004-people": people,
      "0005-names": names,
      "0006-registering": registering,
      "0007-search-domains": searchDomains,
      "0008-marked-default": markedDefault,
      "0009-exactly-one": exactlyOne,
      "0010-end-reasons": endReasons,
      "0011-qos-and-flow-logs": qosAndFlowLogs,
      "0012-device-names": deviceNames,
      "0013-bans": bans,
      "0014-account-acls": accountAcls,
      "0015-instance-bandwidth": instanceBandwidth,
      "0016-paging-indexes": pagingIndexes,
    };
  },
};
