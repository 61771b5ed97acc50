import type { Transaction } from "kysely";
import type { Schema } from "../store/schema.ts";
import { networksChanged } from "./chain/changed.ts";
import type { Administration } from "./change.ts";
import type { Context } from "./context.ts";
import { RuleBroken } from "./rules.ts";

export interface Doer {
  /** For the audit: an access key's id, or "sagctl". */
  actor: string;
  /** The operation's name. */
  action: string;
  /** Of a signed request. */
  nonce: { accessKeyId: string; value: string; at: number } | undefined;
}

/** ms for which nonces of changes are kept: longer than any request with them can be in date. */
const nonceMs = 60 * 60_000;

export function administration(context: Context, doer: Doer): Administration {
  return {
    context,
    async change(work) {
      const effects: (() => Promise<unknown>)[] = [];
      let networks = false;
      const now = context.clock.now();
      const result = await context.store.transaction().execute(async (tx) => {
        if (doer.nonce) await spend(tx, doer.nonce, now);
        return work({
          tx,
          context,
          now,
          audit: (target, before, after) => audit(tx, now, doer, target, before, after),
          after: (effect) => effects.push(effect),
          networks: () => {
            networks = true;
          },
        });
      });
      for (const effect of effects) await effect();
      if (networks) await networksChanged(context);
      return result;
    },
  };
}

/** A change is done once, also when its request is sent again after the server was restarted. */
async function spend(tx: Transaction<Schema>, nonce: NonNullable<Doer["nonce"]>, now: number): Promise<void> {
  await tx
    .deleteFrom("request_nonce")
    .where("at", "<", now - nonceMs)
    .execute();
  const added = await tx
    .insertInto("request_nonce")
    .values({ access_key_id: nonce.accessKeyId, nonce: nonce.value, at: nonce.at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 0n) {
    throw new RuleBroken("SignatureNonceUsed", "The signature nonce was used before.");
  }
}

async function audit(
  tx: Transaction<Schema>,
  at: number,
  doer: Doer,
  target: string,
  before: object | null,
  after: object | null,
): Promise<void> {
  await tx
    .insertInto("audit")
    .values({
      at,
      actor: doer.actor,
      action: doer.action,
      target,
      before: before && JSON.stringify(before),
      after: after && JSON.stringify(after),
    })
    .execute();
}
