import { type SelectQueryBuilder, sql } from "kysely";

export interface PageWish {
  /** From 1. */
  number?: number | undefined;
  size?: number | undefined;
}

export interface Page<T> {
  rows: T[];
  number: number;
  size: number;
  /** Rows of all pages. */
  total: number;
}

/** Who turns the pages. */
export interface Reader {
  /** Where it is remembered how far readers have come; anything that lives as long as the server. */
  memory: object;
  actor: string;
  /** ms on a clock that never jumps. */
  monotonic(): number;
}

const defaultSize = 10;

/** One page of a query that is already in a fixed order. */
export async function pageInOrder<DB, TB extends keyof DB, O>(
  rows: SelectQueryBuilder<DB, TB, O>,
  wish: PageWish,
): Promise<Page<O>> {
  const size = wish.size ?? defaultSize;
  const number = wish.number ?? 1;
  const shown = rows.limit(size).offset((number - 1) * size);
  return { rows: await shown.execute(), number, size, total: await count(rows) };
}

/**
 * One page of a table's rows, oldest first. Whoever turns the pages one after the other sees every row that is there all the
 * time once: what is added meanwhile comes at the end, and a page begins behind the row that the page before it ended with,
 * however many before that have been deleted since. (The published API counts pages, where a cursor would be meant.)
 */
export async function pageOf<DB, TB extends keyof DB & string, O extends { id: string; created_at: number }>(
  reader: Reader,
  all: SelectQueryBuilder<DB, TB, O>,
  table: TB,
  wish: PageWish,
): Promise<Page<O>> {
  const size = wish.size ?? defaultSize;
  const number = wish.number ?? 1;
  const [at, id] = [sql.ref(`${table}.created_at`), sql.ref(`${table}.id`)];
  const ordered = all.orderBy(at).orderBy(id).limit(size);
  const marks = marksOf(reader);
  const { sql: text, parameters } = all.compile();
  const key = (page: number) => JSON.stringify([reader.actor, text, parameters, size, page]);
  const mark = marks.find(key(number - 1), reader.monotonic());
  const rows = mark
    ? await ordered.where(sql<boolean>`(${at}, ${id}) > (${mark.createdAt}, ${mark.id})`).execute()
    : await ordered.offset((number - 1) * size).execute();
  const last = rows.at(-1);
  if (last && rows.length === size) {
    marks.put(key(number), { createdAt: last.created_at, id: last.id }, reader.monotonic());
  }
  return { rows, number, size, total: await count(all) };
}

async function count<DB, TB extends keyof DB, O>(all: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  const counted = all.clearSelect().clearOrderBy().select(sql<number>`count(*)`.as("count"));
  return Number(((await counted.executeTakeFirstOrThrow()) as { count: number }).count);
}

/** A value for LIKE with ESCAPE '\\' that finds this text anywhere. */
export const containing = (part: string) =>
  `%${part.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_")}%`;

interface Mark {
  createdAt: number;
  id: string;
}

/** ms for which it is remembered where a page ended, and how many such ends at the most. */
const markMs = 60_000;
const maxMarks = 10_000;

class Marks {
  readonly #all = new Map<string, Mark & { until: number }>();

  find(key: string, now: number): Mark | undefined {
    const mark = this.#all.get(key);
    return mark && mark.until > now ? mark : undefined;
  }

  put(key: string, mark: Mark, now: number): void {
    // Last in, last out: a Map keeps the order of insertion.
    this.#all.delete(key);
    this.#all.set(key, { ...mark, until: now + markMs });
    const oldest = this.#all.keys().next().value;
    if (this.#all.size > maxMarks && oldest !== undefined) this.#all.delete(oldest);
  }
}

const known = new WeakMap<object, Marks>();

function marksOf({ memory }: Reader): Marks {
  const marks = known.get(memory) ?? new Marks();
  known.set(memory, marks);
  return marks;
}
