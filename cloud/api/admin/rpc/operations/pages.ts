import { type SelectQueryBuilder, sql } from "kysely";
import type { Context } from "../../../../domain/context.ts";
import { whole } from "../protocol/parameters.ts";

export const paging = {
  PageNumber: whole({ min: 1, max: 1_000_000 }),
  PageSize: whole({ min: 1, max: 50 }),
};

interface PageWish {
  PageNumber: number | undefined;
  PageSize: number | undefined;
}

interface Page<T> {
  rows: T[];
  told: { PageNumber: number; PageSize: number; TotalCount: number };
}

/** Who turns the pages. */
interface Reader {
  context: Context;
  caller: { actor: string };
}

const defaultSize = 10;

/** One page of a query that is already in a fixed order. */
export async function pageInOrder<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  wish: PageWish,
): Promise<Page<O>> {
  const size = wish.PageSize ?? defaultSize;
  const number = wish.PageNumber ?? 1;
  const rows = await query
    .limit(size)
    .offset((number - 1) * size)
    .execute();
  return { rows, told: { PageNumber: number, PageSize: size, TotalCount: await count(query) } };
}

/**
 * One page of a table's rows, oldest first. Whoever turns the pages one after the other sees every row that is there all the
 * time once: what is added meanwhile comes at the end, and a page begins behind the row that the page before it ended with,
 * however many before that have been deleted since. (The published API counts pages, where a cursor would be meant.)
 */
export async function pageOf<DB, TB extends keyof DB & string, O extends { id: string; created_at: number }>(
  reader: Reader,
  query: SelectQueryBuilder<DB, TB, O>,
  table: TB,
  wish: PageWish,
): Promise<Page<O>> {
  const size = wish.PageSize ?? defaultSize;
  const number = wish.PageNumber ?? 1;
  const [at, id] = [sql.ref(`${table}.created_at`), sql.ref(`${table}.id`)];
  const ordered = query.orderBy(at).orderBy(id).limit(size);
  const marks = marksOf(reader.context);
  const { sql: text, parameters } = query.compile();
  const key = (page: number) => JSON.stringify([reader.caller.actor, text, parameters, size, page]);
  const mark = marks.find(key(number - 1));
  const rows = mark
    ? await ordered.where(sql<boolean>`(${at}, ${id}) > (${mark.createdAt}, ${mark.id})`).execute()
    : await ordered.offset((number - 1) * size).execute();
  const last = rows.at(-1);
  if (last && rows.length === size) marks.put(key(number), { createdAt: last.created_at, id: last.id });
  return { rows, told: { PageNumber: number, PageSize: size, TotalCount: await count(query) } };
}

async function count<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  const counted = query.clearSelect().clearOrderBy().select(sql<number>`count(*)`.as("count"));
  return Number(((await counted.executeTakeFirstOrThrow()) as { count: number }).count);
}

interface Mark {
  createdAt: number;
  id: string;
}

/** ms for which it is remembered where a page ended, and how many such ends at the most. */
const markMs = 60_000;
const maxMarks = 10_000;

class Marks {
  readonly #context: Context;
  readonly #all = new Map<string, Mark & { until: number }>();

  constructor(context: Context) {
    this.#context = context;
  }

  find(key: string): Mark | undefined {
    const mark = this.#all.get(key);
    return mark && mark.until > this.#context.clock.monotonic() ? mark : undefined;
  }

  put(key: string, mark: Mark): void {
    // Last in, last out: a Map keeps the order of insertion.
    this.#all.delete(key);
    this.#all.set(key, { ...mark, until: this.#context.clock.monotonic() + markMs });
    const oldest = this.#all.keys().next().value;
    if (this.#all.size > maxMarks && oldest !== undefined) this.#all.delete(oldest);
  }
}

const known = new WeakMap<Context, Marks>();

function marksOf(context: Context): Marks {
  const marks = known.get(context) ?? new Marks(context);
  known.set(context, marks);
  return marks;
}
