import { createHash } from "node:crypto";
import type { Tx } from "../store/db.ts";
import { deleteAnswers, findAnswer, type IdempotencyKey, insertAnswer } from "../store/queries/idempotency.ts";
import type { Administration } from "./change.ts";
import type { Context } from "./context.ts";
import { violation } from "./rules.ts";

/** How long the result of a request with a ClientToken is kept, ms. */
const keptMs = 24 * 3_600_000;

type Answer = Record<string, unknown>;
type Changing = Administration["change"];

/** A request that its sender repeats if it gets no answer. */
export interface Repeatable extends IdempotencyKey {
  /** Parameters without the token. Reusing a token with other parameters is refused. */
  parameters: Record<string, unknown>;
}

interface UnderWay {
  digest: string;
  answer: Promise<Answer>;
}

/** Running requests, per context; a repetition waits for the answer of the first one. */
const underWay = new WeakMap<Context, Map<string, UnderWay>>();

/**
 * Runs a request, unless one with the same token is running or has succeeded: then it returns that one's answer. A failed request may
 * be repeated. The change's result is stored in its own transaction, so that a crash keeps both or neither. A repetition runs with the
 * stored result instead of the change.
 */
export async function answerOnce(
  by: Administration,
  asked: Repeatable,
  run: (change: Changing) => Promise<Answer>,
): Promise<Answer> {
  const { context } = by;
  const running = underWay.get(context) ?? new Map<string, UnderWay>();
  underWay.set(context, running);
  const key = JSON.stringify([asked.tenantId, asked.action, asked.token]);
  const digest = digestOf(asked.parameters);
  const first = running.get(key);
  if (first) {
    if (first.digest !== digest) throw mismatch();
    return first.answer;
  }
  const answer = answerNow(by, asked, digest, run);
  running.set(key, { digest, answer });
  try {
    return await answer;
  } finally {
    running.delete(key);
  }
}

async function answerNow(
  by: Administration,
  asked: Repeatable,
  digest: string,
  run: (change: Changing) => Promise<Answer>,
): Promise<Answer> {
  const { context } = by;
  const found = await findKept(context, asked);
  const { kept } = found;
  if (kept && kept.digest !== digest) throw mismatch();
  if (kept) {
    // Stores the repetition's nonce, and refuses one that was used before a restart.
    await by.change(async () => {});
    // The stored result was written by this operation, so it has the expected type.
    return run(async () => kept.result as never);
  }
  try {
    return await run((work, action) =>
      by.change(async (change) => {
        const result = await work(change);
        await keep(change.tx, context, asked, { digest, result }, found.unreadable);
        return result;
      }, action),
    );
  } catch (error) {
    // Another process committed first. This change was rolled back, so return the stored answer.
    if (error instanceof AlreadyAnswered) return answerNow(by, asked, digest, run);
    throw error;
  }
}

class AlreadyAnswered extends Error {}

const mismatch = () => violation("token-mismatch");

function digestOf(parameters: Record<string, unknown>): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("base64url");
}

interface Kept {
  digest: string;
  /** The change's result; absent = it returned nothing. */
  result?: unknown;
}

/** The stored answer to a request. `unreadable` is an answer that exists but cannot be used. */
async function findKept(
  { store, clock, mint }: Context,
  asked: Repeatable,
): Promise<{ kept?: Kept; unreadable?: string }> {
  const answer = await findAnswer(store, asked, clock.now() - keptMs);
  if (answer === undefined) return {};
  // The secret that sealed it is gone if keys.db was lost; treat the answer as not stored.
  const text = mint.open(answer);
  const value = text === undefined ? undefined : (JSON.parse(text) as Partial<Kept>);
  // Rows of versions that did not store the parameters contain the bare answer.
  return typeof value?.digest === "string" ? { kept: value as Kept } : { unreadable: answer };
}

/** Seals the result before storing it: it can contain a secret that is shown only once, and backups contain cloud.db. */
async function keep(
  tx: Tx,
  { clock, mint }: Context,
  asked: Repeatable,
  value: Kept,
  replaces: string | undefined,
): Promise<void> {
  const at = clock.now();
  await deleteAnswers(tx, at - keptMs);
  if (!(await insertAnswer(tx, asked, { answer: mint.seal(JSON.stringify(value)), at }, replaces))) {
    throw new AlreadyAnswered("another request with this token was answered first");
  }
}
