import { z } from "zod";
import {
  type AccountView,
  createAccount,
  deleteAccount,
  findAccount,
  kick,
  listAccounts,
  resetPassword,
  setDisabled,
  showAccount,
} from "../../../domain/accounts/accounts.ts";
import { audit, type Note } from "../../../domain/audit.ts";
import { findInstance } from "../../../domain/instances/instances.ts";
import { requireText } from "../../../domain/limits/text.ts";
import { dropSecondFactor } from "../../../domain/signin/second-factor.ts";
import { makePassword } from "../../../security/passwords.ts";
import { Secret } from "../../../security/secret.ts";
import { type AdminCall, type Operation, operation } from "../operation.ts";

const one = { instance: z.string().max(128).optional(), user: z.string().max(64) };

async function found({ context }: AdminCall, p: { instance?: string | undefined; user: string }): Promise<string> {
  return findAccount(context.store, await findInstance(context.store, p.instance), p.user);
}

async function changing(
  call: AdminCall,
  action: string,
  p: { instance?: string | undefined; user: string },
  change: (id: string, note: Note) => Promise<unknown>,
): Promise<AccountView> {
  const { context, actor } = call;
  const id = await found(call, p);
  const before = await showAccount(context.store, id);
  await change(id, async (tx) => {
    const after = await showAccount(tx, id);
    await audit(tx, context.clock.now(), { actor, action, target: id, before, after });
  });
  return showAccount(context.store, id);
}

/** A given password is not told again; a made one is, this once. */
function passwordFrom(given: string | undefined): { password: Secret; told: { password?: string } } {
  if (given !== undefined) return { password: new Secret(given), told: {} };
  const made = makePassword();
  return { password: made, told: { password: made.reveal() } };
}

export const accountOperations: Operation[] = [
  operation(
    "account create",
    z.strictObject({
      ...one,
      mail: z.string(),
      password: z.string().optional(),
      bandwidth: z.number().optional(),
      clientIp: z.string().optional(),
      mustChange: z.boolean(),
    }),
    async (call, p) => {
      const { context, actor } = call;
      const { password, told } = passwordFrom(p.password);
      const wish = {
        userName: p.user,
        mail: p.mail,
        password,
        bandwidth: p.bandwidth,
        clientIp: p.clientIp,
        mustChange: p.mustChange,
      };
      const instance = await findInstance(context.store, p.instance);
      const after = await createAccount(context, instance, wish, (tx, made) =>
        audit(tx, context.clock.now(), { actor, action: "account create", target: made.id, after: made }),
      );
      return { ...after, ...told };
    },
  ),
  operation("account list", z.strictObject({ instance: one.instance }), async ({ context }, p) =>
    listAccounts(context.store, await findInstance(context.store, p.instance)),
  ),
  operation("account show", z.strictObject(one), async (call, p) =>
    showAccount(call.context.store, await found(call, p)),
  ),
  operation("account disable", z.strictObject(one), (call, p) =>
    changing(call, "account disable", p, (id, note) => setDisabled(call.context, id, true, note)),
  ),
  operation("account enable", z.strictObject(one), (call, p) =>
    changing(call, "account enable", p, (id, note) => setDisabled(call.context, id, false, note)),
  ),
  operation("account kick", z.strictObject({ ...one, reason: z.string() }), async (call, p) => {
    const { context, actor } = call;
    const reason = requireText("reason", p.reason, 0, 500);
    const id = await found(call, p);
    const ended = await kick(context, id, reason, (tx, ended) =>
      audit(tx, context.clock.now(), { actor, action: "account kick", target: id, after: { reason, ended } }),
    );
    return { user: p.user, ended };
  }),
  operation(
    "account reset-password",
    z.strictObject({ ...one, password: z.string().optional(), mustChange: z.boolean() }),
    async (call, p) => {
      const { password, told } = passwordFrom(p.password);
      const view = await changing(call, "account reset-password", p, (id, note) =>
        resetPassword(call.context, id, password, p.mustChange, note),
      );
      return { ...view, ...told };
    },
  ),
  operation("account remove-second-factor", z.strictObject(one), (call, p) =>
    changing(call, "account remove-second-factor", p, (id, note) => dropSecondFactor(call.context, id, note)),
  ),
  operation("account delete", z.strictObject(one), async (call, p) => {
    const { context, actor } = call;
    const id = await found(call, p);
    const before = await showAccount(context.store, id);
    await deleteAccount(context, id, (tx) =>
      audit(tx, context.clock.now(), { actor, action: "account delete", target: id, before }),
    );
    return { deleted: id };
  }),
];
