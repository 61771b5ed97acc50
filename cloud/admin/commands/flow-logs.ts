import { z } from "zod";
import { effectiveFlowLogs } from "../../domain/flowlogs/effective.ts";
import {
  associateFlowLog,
  createFlowLog,
  deleteFlowLog,
  disassociateFlowLog,
  flowLogDefaults,
  modifyFlowLog,
  ownFlowLog,
  setFlowLogActive,
} from "../../domain/flowlogs/flow-logs.ts";
import { listFlowLogInstances, listFlowLogs, viewFlowLog } from "../../domain/flowlogs/listing.ts";
import { textRules } from "../../domain/limits/text.ts";
import { type AnyCommand, changing, type Reading, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, textOf, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { flowActiveAging, flowInactiveAging, flowLogOutput, netflowVersion, port, region, text } from "./values.ts";

/** If `region` is given, a flow log in another region is refused. */
const one = { flowLog: text, region: region.optional() };

const theFlowLog = (
  { db, caller }: Pick<Reading, "db" | "caller">,
  p: { flowLog: string; region?: string | undefined },
) => ownFlowLog(db, caller.tenant, p.flowLog, p.region);

const values = z
  .strictObject({
    name: textOf(textRules.flowLogName),
    description: textOf(textRules.flowLogDescription),
    outputType: flowLogOutput,
    activeAging: flowActiveAging,
    inactiveAging: flowInactiveAging,
    netflowServerIp: text,
    netflowServerPort: port,
    netflowVersion,
    slsRegion: region,
    projectName: textOf(textRules.logProject),
    logstoreName: textOf(textRules.logstore),
  })
  .partial();

/** The values that were given. */
const given = (all: z.output<typeof values>) =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

export const flowLogCreate = changing({
  name: "flow-log create",
  access: "write",
  input: values.extend({ region }),
  async handle(change, { region: where, ...wanted }) {
    const all = { ...flowLogDefaults, ...given(wanted) };
    return viewFlowLog(await createFlowLog(change, change.caller.tenant, where, all));
  },
});

export const flowLogList = reading({
  name: "flow-log list",
  access: "read",
  input: z.strictObject({
    region: region.optional(),
    id: text.optional(),
    namePart: text.optional(),
    descriptionPart: text.optional(),
    outputType: flowLogOutput.optional(),
    active: z.boolean().optional(),
    ...paged,
  }),
  async read(at, { page, ...filter }) {
    const { tenant } = at.caller;
    await requireNotElsewhere([filter.id], (id) => ownFlowLog(at.db, tenant, id, filter.region));
    return listFlowLogs(at.db, at.context.accessPoints, readerOf(at), tenant.id, filter, wishOf(page));
  },
});

export const flowLogSet = changing({
  name: "flow-log set",
  access: "write",
  input: z.strictObject({ ...one, change: values }),
  handle: async (change, p) =>
    viewFlowLog(await modifyFlowLog(change, change.caller.tenant, await theFlowLog(change, p), given(p.change))),
});

export const flowLogDelete = changing({
  name: "flow-log delete",
  access: "write",
  input: z.strictObject(one),
  handle: async (change, p) => deleteFlowLog(change, await theFlowLog(change, p)),
});

const switching = (name: string, active: boolean) =>
  changing({
    name,
    access: "write",
    input: z.strictObject(one),
    handle: async (change, p) => setFlowLogActive(change, await theFlowLog(change, p), active),
  });

export const flowLogStart = switching("flow-log start", true);
export const flowLogStop = switching("flow-log stop", false);

const using = (name: string, act: typeof associateFlowLog) =>
  changing({
    name,
    access: "write",
    input: z.strictObject({ ...one, instance: text }),
    handle: async (change, p) => act(change, change.caller.tenant, await theFlowLog(change, p), p.instance),
  });

export const flowLogUse = using("flow-log use", associateFlowLog);
export const flowLogUnuse = using("flow-log unuse", disassociateFlowLog);

/** Instances with this flow log, or with any if none is given. */
export const flowLogInstances = reading({
  name: "flow-log instances",
  access: "read",
  input: z.strictObject({ flowLog: text.optional(), region: region.optional(), ...paged }),
  async read(at, { flowLog, region: where, page }) {
    if (flowLog !== undefined) await theFlowLog(at, { flowLog, region: where });
    const filter = { tenantId: at.caller.tenant.id, region: where, flowLogId: flowLog };
    return listFlowLogInstances(at.db, readerOf(at), filter, wishOf(page));
  },
});

/** Instances without a flow log. */
export const flowLogCandidates = reading({
  name: "flow-log candidates",
  access: "read",
  input: z.strictObject({ region: region.optional() }),
  read: (at, { region: where }) =>
    listFlowLogInstances(
      at.db,
      readerOf(at),
      { tenantId: at.caller.tenant.id, region: where, flowLogId: null },
      wishOf(undefined),
    ),
});

/** The flow logs by which an instance's flows are reported now. */
const flowLogOf = reading({
  name: "flow-log of",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  read: async (at, p) => (await effectiveFlowLogs(at.db, (await theInstance(at, p.instance)).id)).map(viewFlowLog),
});

export const flowLogCommands: readonly AnyCommand[] = [
  flowLogCreate,
  flowLogList,
  flowLogSet,
  flowLogDelete,
  flowLogStart,
  flowLogStop,
  flowLogUse,
  flowLogUnuse,
  flowLogInstances,
  flowLogCandidates,
  flowLogOf,
];
