import { createHash } from "node:crypto";
import type { Tx } from "../store/db.ts";
import { deleteAnswers, findAnswer, type IdempotencyKey, insertAnswer } from "../store/queries/idempotency.ts";
import type { Administration } from "./change.ts";
import type { Context } from "./context.ts";
import { violation } from "./rules.ts";

/** ms for which the result of a request with a ClientToken is kept. */
const keptMs = 24 * 3_600_000;

type Answer = Record<string, unknown>;
type Changing = Administration["change"];

/** A request that its sender repeats when no answer came. */
export interface Repeatable extends IdempotencyKey {
  /** What is asked, without the token; a token that comes again with something else is refused. */
  parameters: Record<string, unknown>;
}

interface UnderWay {
  digest: string;
  answer: Promise<Answer>;
}

/** Requests that are under way, by context: a repetition that comes meanwhile waits for the first one's answer. */
const underWay = new WeakMap<Context, Map<string, UnderWay>>();

/**
 * Carries a request out, unless it was already, or is being: then it gets the same answer. A failed one may be tried again. What
 * its change returned is stored in the change's own transaction, so that a crash leaves both or neither; a repetition runs with that
 * result in the place of the change.
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
  // What `result` is, this same operation has written.
  if (kept) return run(async () => kept.result as never);
  try {
    return await run((work, action) =>
      by.change(async (change) => {
        const result = await work(change);
        await keep(change.tx, context, asked, { digest, result }, found.unreadable);
        return result;
      }, action),
    );
  } catch (error) {
    // Another process was faster; nothing of this change is left, and now its answer is there.
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
  /** What the change returned; absent = nothing. */
  result?: unknown;
}

/** `unreadable`: an answer that is there and of no use. */
async function findKept(
  { store, clock, mint }: Context,
  asked: Repeatable,
): Promise<{ kept?: Kept; unreadable?: string }> {
  const answer = await findAnswer(store, asked, clock.now() - keptMs);
  if (answer === undefined) return {};
  // Sealed with a secret that is gone with a lost keys.db: then it is as if it had not been kept.
  const text = mint.open(answer);
  const value = text === undefined ? undefined : (JSON.parse(text) as Partial<Kept>);
  // Rows written before the parameters were kept hold the answer itself.
  return typeof value?.digest === "string" ? { kept: value as Kept } : { unreadable: answer };
}

/** A result may hold a secret that is given only once, and cloud.db goes into backups: so it is kept sealed. */
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
