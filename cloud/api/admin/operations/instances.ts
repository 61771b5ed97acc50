import { z } from "zod";
import { audit, type Note } from "../../../domain/audit.ts";
import {
  createInstance,
  deleteInstance,
  findInstance,
  listInstances,
  setPolicy,
  showInstance,
} from "../../../domain/instances/instances.ts";
import { addCidr, addRoutes, removeCidr, removeRoute, setDns } from "../../../domain/instances/lists.ts";
import { addResource, removeResource } from "../../../domain/resources/resources.ts";
import { type AdminCall, type Operation, operation } from "../operation.ts";

const instance = { instance: z.string().max(128).optional() };
const many = z.array(z.string().max(300)).max(1_000);

/** Makes a change to one instance and writes down what it was before and is after. */
async function changing(
  call: AdminCall,
  action: string,
  wanted: string | undefined,
  change: (id: string, note: Note) => Promise<unknown>,
) {
  const { context, actor } = call;
  const id = await findInstance(context.store, wanted);
  const before = await showInstance(context.store, id);
  await change(id, async (tx) => {
    const after = await showInstance(tx, id);
    await audit(tx, context.clock.now(), { actor, action, target: id, before, after });
  });
  return showInstance(context.store, id);
}

const policyChange = z.strictObject({
  fullTunnel: z.boolean().optional(),
  lockdown: z.boolean().optional(),
  leaseSeconds: z.number().optional(),
  signInSeconds: z.number().optional(),
  devicesPerAccount: z.number().optional(),
  secondFactorRequired: z.boolean().optional(),
});

export const instanceOperations: Operation[] = [
  operation(
    "instance create",
    z.strictObject({ name: z.string(), cidrs: many, code: z.string().optional(), ccn: z.string().optional() }),
    ({ context, actor }, wish) =>
      createInstance(context, wish, (tx, after) =>
        audit(tx, context.clock.now(), { actor, action: "instance create", target: after.id, after }),
      ),
  ),
  operation("instance list", z.strictObject({}), ({ context }) => listInstances(context.store)),
  operation("instance show", z.strictObject(instance), async ({ context }, p) =>
    showInstance(context.store, await findInstance(context.store, p.instance)),
  ),
  operation(
    "instance delete",
    z.strictObject({ instance: z.string(), force: z.boolean() }),
    async ({ context, actor }, p) => {
      const id = await findInstance(context.store, p.instance);
      const before = await showInstance(context.store, id);
      await deleteInstance(context, id, p.force, (tx) =>
        audit(tx, context.clock.now(), { actor, action: "instance delete", target: id, before }),
      );
      return { deleted: id };
    },
  ),
  operation("cidr add", z.strictObject({ ...instance, cidr: z.string() }), (call, p) =>
    changing(call, "cidr add", p.instance, (id, note) => addCidr(call.context, id, p.cidr, note)),
  ),
  operation("cidr remove", z.strictObject({ ...instance, cidr: z.string() }), (call, p) =>
    changing(call, "cidr remove", p.instance, (id, note) => removeCidr(call.context, id, p.cidr, note)),
  ),
  operation("route add", z.strictObject({ ...instance, routes: many }), (call, p) =>
    changing(call, "route add", p.instance, (id, note) => addRoutes(call.context, id, p.routes, note)),
  ),
  operation("route remove", z.strictObject({ ...instance, route: z.string() }), (call, p) =>
    changing(call, "route remove", p.instance, (id, note) => removeRoute(call.context, id, p.route, note)),
  ),
  operation("dns set", z.strictObject({ ...instance, servers: many, domains: many }), (call, p) =>
    changing(call, "dns set", p.instance, (id, note) => setDns(call.context, id, p.servers, p.domains, note)),
  ),
  operation(
    "resource add",
    z.strictObject({ ...instance, name: z.string(), kind: z.string().optional(), address: z.string() }),
    (call, { instance: wanted, ...wish }) =>
      changing(call, "resource add", wanted, (id, note) => addResource(call.context, id, wish, note)),
  ),
  operation("resource remove", z.strictObject({ ...instance, name: z.string() }), (call, p) =>
    changing(call, "resource remove", p.instance, (id, note) => removeResource(call.context, id, p.name, note)),
  ),
  operation("policy set", z.strictObject({ ...instance, change: policyChange }), (call, p) => {
    const change = Object.fromEntries(Object.entries(p.change).filter(([, value]) => value !== undefined));
    return changing(call, "policy set", p.instance, (id, note) => setPolicy(call.context, id, change, note));
  }),
  operation(
    "link create",
    z.strictObject({ ...instance, server: z.string().max(512).optional(), noPins: z.boolean() }),
    async ({ context, server }, p) => {
      const view = await showInstance(context.store, await findInstance(context.store, p.instance));
      const url = (p.server ?? server.url).replace(/^https:\/\//, "").replace(/\/$/, "");
      const query = new URLSearchParams([
        ["server", url],
        ["code", view.enterpriseCode],
      ]);
      if (!p.noPins) for (const pin of server.pins) query.append("pin", pin);
      return {
        link: `sag://enroll?${query}`,
        server: url,
        code: view.enterpriseCode,
        pins: p.noPins ? [] : server.pins,
      };
    },
  ),
];
