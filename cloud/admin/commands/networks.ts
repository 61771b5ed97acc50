import { z } from "zod";
import { chainOf, diagnose, lastDiagnosis } from "../../domain/chain/diagnosis.ts";
import { textRules } from "../../domain/limits/text.ts";
import { networkLists } from "../../domain/limits/values.ts";
import { listNetworks } from "../../domain/networks/listing.ts";
import { createNetwork, deleteNetwork, modifyNetwork, ownNetwork } from "../../domain/networks/networks.ts";
import { clash } from "../../domain/networks/overlaps.ts";
import { cidrsOfInstance } from "../../store/queries/instances.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, textOf, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { region, text } from "./values.ts";

const cidrs = z.array(text).max(networkLists.cidrs);
const accessPoints = z.array(text).max(networkLists.accessPoints);

export const networkCreate = changing({
  name: "network create",
  access: "write",
  input: z.strictObject({ name: textOf(textRules.networkName), region, cidrs, accessPoints }),
  handle: async (change, p) => ({ id: (await createNetwork(change, change.caller.tenant, p)).id }),
});

export const networkList = reading({
  name: "network list",
  access: "read",
  input: z.strictObject({ region: region.optional(), ...paged }),
  read: (at, { page, ...filter }) =>
    listNetworks(at.db, readerOf(at), { ...filter, tenantId: at.caller.tenant.id }, wishOf(page)),
});

export const networkSet = changing({
  name: "network set",
  access: "write",
  input: z.strictObject({
    network: text,
    name: textOf(textRules.networkName).optional(),
    cidrs: cidrs.optional(),
    accessPoints: accessPoints.optional(),
  }),
  async handle(change, { network, ...wanted }) {
    const { tenant } = change.caller;
    await modifyNetwork(change, tenant, await ownNetwork(change.tx, tenant, network), wanted);
  },
});

export const networkDelete = changing({
  name: "network delete",
  access: "write",
  input: z.strictObject({ network: text }),
  handle: async (change, p) => deleteNetwork(change, await ownNetwork(change.tx, change.caller.tenant, p.network)),
});

/** The chain from clients to cloud networks, one entry per hop. */
export const instanceHops = reading({
  name: "instance hops",
  access: "accounts-read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  async read(at, p) {
    const chain = await chainOf(at.context, (await theInstance(at, p.instance)).id);
    const hops = (chain?.hops ?? []).map(({ kind, id, name, missing }) => ({
      kind,
      id,
      name,
      whole: missing === null,
      code: missing?.code ?? "",
      text: missing?.said.text ?? "",
      textWords: missing?.said,
    }));
    return { hops, routes: chain?.routes ?? [] };
  },
});

/** The prefixes that an instance's clients reach, each with the instance's own blocks that overlap it. */
export const instanceRoutes = reading({
  name: "instance routes",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  async read(at, p) {
    const instance = await theInstance(at, p.instance);
    const blocks = await cidrsOfInstance(at.db, instance.id);
    const routes = (await chainOf(at.context, instance.id))?.routes ?? [];
    return routes.map((cidr) => ({
      cidr,
      ccnId: instance.boundCcnId,
      conflicts: blocks.filter((block) => clash(block, cidr)),
    }));
  },
});

/** The last diagnosis; null = there was none. */
export const instanceDiagnosis = reading({
  name: "instance diagnosis",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  read: async (at, p) => (await lastDiagnosis(at.db, (await theInstance(at, p.instance)).id)) ?? null,
});

/** Stores the diagnosis but changes no setting: therefore read access is enough and there is no audit record. */
export const instanceDiagnose = changing({
  name: "instance diagnose",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  handle: async (change, p) => diagnose(change, await theInstance(change, p.instance)),
});

export const networkCommands: readonly AnyCommand[] = [
  networkCreate,
  networkList,
  networkSet,
  networkDelete,
  instanceHops,
  instanceRoutes,
  instanceDiagnosis,
  instanceDiagnose,
];
