import { z } from "zod";
import { textRules } from "../../domain/limits/text.ts";
import { classStatistics } from "../../domain/qos/counters.ts";
import { effectiveQos } from "../../domain/qos/effective.ts";
import { listQos, showQos, viewQos } from "../../domain/qos/listing.ts";
import { associateQos, createQos, deleteQos, disassociateQos, modifyQos, ownQos } from "../../domain/qos/qos.ts";
import type { Qos } from "../../store/shapes-traffic.ts";
import { type AnyCommand, changing, type Reading, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, textOf, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { region, text } from "./values.ts";

/** If `region` is given, a QoS policy in another region is refused. */
export const oneQos = { qos: text, region: region.optional() };

export const theQos = (
  { db, caller }: Pick<Reading, "db" | "caller">,
  p: { qos: string; region?: string | undefined },
): Promise<Qos> => ownQos(db, caller.tenant, p.qos, p.region);

const name = textOf(textRules.qosName);
const description = textOf(textRules.qosDescription);

export const qosCreate = changing({
  name: "qos create",
  access: "write",
  input: z.strictObject({ name, description: description.default(""), region }),
  handle: async (change, p) => viewQos(await createQos(change, change.caller.tenant, p)),
});

export const qosList = reading({
  name: "qos list",
  access: "read",
  input: z.strictObject({
    region: region.optional(),
    ids: z.array(text).max(50).optional(),
    namePart: text.optional(),
    ...paged,
  }),
  async read(at, { page, ...filter }) {
    const { tenant } = at.caller;
    await requireNotElsewhere(filter.ids, (id) => ownQos(at.db, tenant, id, filter.region));
    return listQos(at.db, readerOf(at), { ...filter, tenantId: tenant.id }, wishOf(page));
  },
});

export const qosShow = reading({
  name: "qos show",
  access: "read",
  input: z.strictObject(oneQos),
  read: async (at, p) => showQos(at.db, await theQos(at, p)),
});

export const qosSet = changing({
  name: "qos set",
  access: "write",
  input: z.strictObject({ ...oneQos, name: name.optional(), description: description.optional() }),
  handle: async (change, p) => viewQos(await modifyQos(change, await theQos(change, p), p)),
});

export const qosDelete = changing({
  name: "qos delete",
  access: "write",
  input: z.strictObject(oneQos),
  handle: async (change, p) => deleteQos(change, await theQos(change, p)),
});

const using = (name: string, act: typeof associateQos) =>
  changing({
    name,
    access: "write",
    input: z.strictObject({ ...oneQos, instance: text }),
    handle: async (change, p) => act(change, change.caller.tenant, await theQos(change, p), p.instance),
  });

export const qosUse = using("qos use", associateQos);
export const qosUnuse = using("qos unuse", disassociateQos);

const qosClasses = reading({
  name: "qos classes",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  read: async (at, p) => effectiveQos(at.db, (await theInstance(at, p.instance)).id, at.context.clock.now()),
});

export const qosStatistics = reading({
  name: "qos statistics",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  async read(at, p) {
    const { id } = await theInstance(at, p.instance);
    return { rows: await classStatistics(at.context, at.db, id) };
  },
});

export const qosCommands: readonly AnyCommand[] = [
  qosCreate,
  qosList,
  qosShow,
  qosSet,
  qosDelete,
  qosUse,
  qosUnuse,
  qosClasses,
  qosStatistics,
];
