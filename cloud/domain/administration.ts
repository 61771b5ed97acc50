import type { Tx } from "../store/db.ts";
import { findAccessKey } from "../store/queries/access-keys.ts";
import { insertNonce, type Nonce } from "../store/queries/nonces.ts";
import { transaction } from "../store/transaction.ts";
import { audit } from "./audit.ts";
import { networksChanged } from "./chain/changed.ts";
import type { Administration } from "./change.ts";
import type { Context } from "./context.ts";
import { runEffects } from "./effects.ts";
import { violation } from "./rules.ts";

export interface Requester {
  /** Name in the audit: an access key's id, or "sagctl". */
  actor: string;
  action: string;
  /** The nonce of a signed request. */
  nonce: Nonce | undefined;
}

export function administration(context: Context, requester: Requester): Administration {
  return {
    context,
    async change(work, action = requester.action) {
      const effects: (() => Promise<unknown>)[] = [];
      const undoing: (() => Promise<unknown>)[] = [];
      let networks = false;
      const now = context.clock.now();
      const result = await transaction(context.store, async (tx) => {
        if (requester.nonce) {
          await requireActiveKey(tx, requester.nonce.accessKeyId);
          await spend(tx, requester.nonce);
        }
        return work({
          tx,
          context,
          now,
          audit: (target, before, after) =>
            audit(tx, now, {
              actor: requester.actor,
              action,
              target,
              before: before ?? undefined,
              after: after ?? undefined,
            }),
          after: (effect) => effects.push(effect),
          undone: (effect) => undoing.push(effect),
          networks: () => {
            networks = true;
          },
        });
      }).catch(async (error: unknown) => {
        for (const undo of undoing) await undo().catch(() => {});
        throw error;
      });
      if (networks) effects.push(() => networksChanged(context));
      await runEffects(context, ...effects);
      return result;
    },
    async spend() {
      const { nonce } = requester;
      if (!nonce) return;
      await transaction(context.store, (tx) => insertNonce(tx, nonce));
    },
  };
}

/** Checks the key again within the transaction: it may have been disabled or deleted since the signature was verified. */
async function requireActiveKey(tx: Tx, id: string): Promise<void> {
  const key = await findAccessKey(tx, id);
  if (!key) throw violation("key-unknown");
  if (!key.active) throw violation("key-inactive");
}

/** Stores the nonce, so that a repeated request changes nothing, even after a restart. */
async function spend(tx: Tx, nonce: Nonce): Promise<void> {
  if (!(await insertNonce(tx, nonce))) {
    throw violation("nonce-used");
  }
}
