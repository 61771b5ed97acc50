import { z } from "zod";
import { findAccount } from "../../domain/accounts/accounts.ts";
import { ownInstance } from "../../domain/instances/own.ts";
import { limitOf } from "../../domain/quotas/limits.ts";
import { violation } from "../../domain/rules.ts";
import { onlineOf } from "../../domain/sessions/online.ts";
import { nameKey } from "../../store/names.ts";
import { accountNamed } from "../../store/queries/accounts.ts";
import {
  sessionsByAccount,
  sessionsByInstance,
  sessionsOfAccount,
  trafficByUser,
  type WithSessions,
} from "../../store/queries/listings/people.ts";
import { type AnyCommand, type Reading, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, theInstance } from "./common.ts";
import { region } from "./values.ts";

const text = z.string().max(64);
const of = { instance: instanceRef.optional() };
const users = z.array(text).max(50).optional();

/** How many of the sessions are online. */
const counted = ({ context }: Pick<Reading, "context">, all: WithSessions[]) =>
  Promise.all(all.map(async ({ name, sessions }) => ({ name, online: (await onlineOf(context, sessions)).length })));

/** Number of clients that are online, per instance. */
export const sessionCount = reading({
  name: "session count",
  access: "accounts-read",
  input: z.strictObject({ region, instances: z.array(text).max(50).optional() }),
  async read(at, p) {
    const { db } = at;
    const { tenant } = at.caller;
    await requireNotElsewhere(p.instances, (id) => ownInstance(db, tenant, id, p.region));
    const all = await sessionsByInstance(db, { tenantId: tenant.id, region: p.region, ids: p.instances });
    return (await counted(at, all)).map(({ name, online }) => ({ id: name, online }));
  },
});

/** Number of clients that are online, per account. */
export const accountSessionCount = reading({
  name: "account session-count",
  access: "accounts-read",
  input: z.strictObject({ ...of, users }),
  async read(at, p) {
    const { id } = await theInstance(at, p.instance);
    const names: string[] = [];
    for (const name of p.users ?? []) names.push((await findAccount(at.db, id, name)).userName);
    const all = await counted(at, await sessionsByAccount(at.db, id, p.users && names));
    return all.map(({ name, online }) => ({ user: name, online }));
  },
});

/** The clients of an account that are online, oldest session first. */
export const accountSessions = reading({
  name: "account sessions",
  access: "accounts-read",
  input: z.strictObject({ ...of, user: text }),
  async read(at, p) {
    const account = await findAccount(at.db, (await theInstance(at, p.instance)).id, p.user);
    const rows = await onlineOf(at.context, await sessionsOfAccount(at.db, account.id));
    return rows.map(({ clientIp, startedAt }) => ({ clientIp, startedAt }));
  },
});

/** A GB of the data plan, bytes. The product counts 1024³. */
const gigabyte = 1024 ** 3;

/** The name under which traffic was recorded, however the caller writes it. */
const nameIn = (used: ReadonlyMap<string, unknown>, name: string): string | undefined =>
  [...used.keys()].find((one) => nameKey(one) === nameKey(name));

/** Traffic of accounts in a month; the larger of the two directions counts against the plan. */
export const accountFlow = reading({
  name: "account flow",
  access: "accounts-read",
  input: z.strictObject({
    ...of,
    users,
    month: z
      .string()
      .regex(/^\d{4}(0[1-9]|1[0-2])$/)
      .optional(),
  }),
  async read(at, { users: named = [], ...p }) {
    const { db, caller, context } = at;
    const instance = await theInstance(at, p.instance);
    const limit = await limitOf(db, caller.tenant.id, "users-per-flow-query");
    if (named.length > limit) throw violation("flow-accounts", { limit });
    const month = p.month ?? new Date(context.clock.now()).toISOString().slice(0, 7).replace("-", "");
    const days = `${month.slice(0, 4)}-${month.slice(4)}-`;
    const used = await trafficByUser(db, instance.id, { from: `${days}01`, to: `${days}31` });
    const names = new Set<string>();
    for (const name of named) {
      // A deleted account is accepted if it has traffic in this month.
      const stored = (await accountNamed(db, instance.id, name))?.userName ?? nameIn(used, name);
      if (stored === undefined) throw violation("no-account", { user: name });
      names.add(stored);
    }
    // Traffic that was reported only after the deletion of an account has no name.
    const all = [...used.keys()].filter((user) => user !== "");
    const shown = named.length > 0 ? [...names] : all.sort().slice(0, limit);
    return shown.map((user) => {
      const bytes = Math.max(used.get(user)?.rx ?? 0, used.get(user)?.tx ?? 0);
      return { user, bytes, bytesLeft: Math.max(0, instance.dataPlan * gigabyte - bytes) };
    });
  },
});

export const onlineCommands: readonly AnyCommand[] = [sessionCount, accountSessionCount, accountSessions, accountFlow];
