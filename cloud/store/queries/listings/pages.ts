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
  /** Number of rows of all pages. */
  total: number;
}

/** Identifies the caller of a listing, to continue after the previous page. */
export interface Reader {
  /** Key of the cursors' storage; any object that lives as long as the server. */
  memory: object;
  actor: string;
  /** Monotonic clock, ms. */
  monotonic(): number;
}

const defaultSize = 10;

/** One page of a query that already has a fixed order. */
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
 * One page of a table's rows, oldest first. The published API uses page numbers, so this remembers a cursor: reading pages in order
 * returns every existing row exactly once. New rows come at the end, and a page starts after the last row of the previous page, even if
 * earlier rows were deleted meanwhile.
 */
export async function pageOf<DB, TB extends keyof DB & string, O extends { id: string; createdAt: number }>(
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
    marks.put(key(number), { createdAt: last.createdAt, id: last.id }, reader.monotonic());
  }
  return { rows, number, size, total: await count(all) };
}

async function count<DB, TB extends keyof DB, O>(all: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  const counted = all.clearSelect().clearOrderBy().select(sql<number>`count(*)`.as("count"));
  return Number(((await counted.executeTakeFirstOrThrow()) as { count: number }).count);
}

/** Pattern for LIKE with ESCAPE '\\' that matches this text anywhere. */
export const containing = (part: string) =>
  `%${part.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_")}%`;

interface Mark {
  createdAt: number;
  id: string;
}

/** How long the end of a page is remembered, ms, and the maximum number of remembered ends. */
const markMs = 60_000;
const maxMarks = 10_000;

class Marks {
  readonly #all = new Map<string, Mark & { until: number }>();

  find(key: string, now: number): Mark | undefined {
    const mark = this.#all.get(key);
    return mark && mark.until > now ? mark : undefined;
  }

  put(key: string, mark: Mark, now: number): void {
    // Re-insert at the end: a Map keeps insertion order, so the first entry is the oldest.
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
