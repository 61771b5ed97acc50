import { z } from "zod";
import { Refusal } from "../../../base/cause.ts";
import { createToken, listTokens, removeAccessPoint, removeToken } from "../../../domain/accesspoints/tokens.ts";
import { audit } from "../../../domain/audit.ts";
import { findInstance } from "../../../domain/instances/instances.ts";
import { requireText } from "../../../domain/limits/text.ts";
import { endNow } from "../../../domain/sessions/ending.ts";
import { listSessions } from "../../../domain/sessions/listing.ts";
import { type Operation, operation } from "../operation.ts";

export const operatingOperations: Operation[] = [
  operation(
    "access-point token create",
    z.strictObject({ uses: z.number(), lifetimeSeconds: z.number(), ccn: z.string().optional() }),
    async ({ context, actor }, wish) => {
      const { token, ...view } = await createToken(context, wish, (tx, after) =>
        audit(tx, context.clock.now(), { actor, action: "access-point token create", target: after.id, after }),
      );
      return { ...view, token: token.reveal() };
    },
  ),
  operation("access-point token list", z.strictObject({}), ({ context }) =>
    listTokens(context.store, context.clock.now()),
  ),
  operation("access-point token remove", z.strictObject({ id: z.string() }), async ({ context, actor }, { id }) => {
    await removeToken(context.store, id, (tx) =>
      audit(tx, context.clock.now(), { actor, action: "access-point token remove", target: id }),
    );
    return { removed: id };
  }),
  operation("access-point list", z.strictObject({}), async ({ context }) => {
    const now = context.clock.now();
    return context.accessPoints.list().map((state) => ({
      id: state.id,
      name: state.name,
      ccnId: state.ccnId,
      mode: state.mode,
      region: state.region,
      online: state.online,
      endpoints: state.endpoints.map(
        (e) => `${e.transport}://${e.host.includes(":") ? `[${e.host}]` : e.host}:${e.port}`,
      ),
      lastSeenSeconds: Math.max(0, Math.round((now - state.lastSeenAt) / 1_000)),
    }));
  }),
  operation("access-point remove", z.strictObject({ id: z.string() }), async ({ context, actor }, { id }) => {
    await removeAccessPoint(context, id, (tx) =>
      audit(tx, context.clock.now(), { actor, action: "access-point remove", target: id }),
    );
    return { removed: id };
  }),
  operation("session list", z.strictObject({ instance: z.string().optional() }), async ({ context }, p) => {
    const id = p.instance === undefined ? undefined : await findInstance(context.store, p.instance);
    return listSessions(context, id);
  }),
  operation("session end", z.strictObject({ id: z.string(), reason: z.string() }), async ({ context, actor }, p) => {
    const reason = requireText("reason", p.reason, 0, 500);
    await endNow(context, [p.id], { cause: "kicked", text: reason }, async (tx, ended) => {
      if (ended === 0) throw new Refusal("not_found", `There is no running session ${p.id}.`);
      await audit(tx, context.clock.now(), { actor, action: "session end", target: p.id, after: { reason } });
    });
    return { ended: p.id };
  }),
  operation(
    "audit list",
    z.strictObject({ limit: z.number().int().min(1).max(1_000) }),
    async ({ context }, { limit }) => {
      const rows = await context.store.selectFrom("audit").selectAll().orderBy("id", "desc").limit(limit).execute();
      return rows.map((row) => ({
        at: new Date(row.at).toISOString(),
        actor: row.actor,
        action: row.action,
        target: row.target,
        before: row.before === null ? null : JSON.parse(row.before),
        after: row.after === null ? null : JSON.parse(row.after),
      }));
    },
  ),
];
