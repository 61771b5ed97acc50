import type { Context } from "./context.ts";

/** ms for which the answer to a ClientToken is kept. */
const keptMs = 24 * 3_600_000;

interface Asked {
  tenantId: string;
  action: string;
  /** The client's own, the same when it tries again. */
  token: string;
}

/** The answer that this token got before; undefined = it is new. */
export async function answeredBefore(
  { store, clock }: Context,
  asked: Asked,
): Promise<Record<string, unknown> | undefined> {
  const row = await store
    .selectFrom("client_token")
    .select("answer")
    .where("tenant_id", "=", asked.tenantId)
    .where("action", "=", asked.action)
    .where("token", "=", asked.token)
    .where("at", ">", clock.now() - keptMs)
    .executeTakeFirst();
  return row && (JSON.parse(row.answer) as Record<string, unknown>);
}

export async function rememberAnswer(
  { store, clock }: Context,
  asked: Asked,
  answer: Record<string, unknown>,
): Promise<void> {
  const at = clock.now();
  const row = { answer: JSON.stringify(answer), at };
  await store
    .deleteFrom("client_token")
    .where("at", "<=", at - keptMs)
    .execute();
  await store
    .insertInto("client_token")
    .values({ tenant_id: asked.tenantId, action: asked.action, token: asked.token, ...row })
    .onConflict((conflict) => conflict.columns(["tenant_id", "action", "token"]).doUpdateSet(row))
    .execute();
}
