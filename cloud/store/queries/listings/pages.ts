import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";

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

/** A column by which a list is ordered. */
export interface OrderColumn<O> {
  /** Name in the query. */
  column: string;
  /** Name in the rows. */
  of: keyof O & string;
  /** Default "asc". */
  order?: "asc" | "desc";
}

/**
 * One page of a query's rows, in the order of these columns, the most significant first; together they are different in every row. The
 * published API uses page numbers, so this remembers a cursor: a page starts after the last row of the previous page. Reading pages in
 * order returns every row that stays in its place exactly once, whatever is added, deleted or moved meanwhile. `list` identifies the list
 * and its filters; it must be given if the query contains the time, and otherwise the query itself does.
 */
export async function pageInOrder<DB, TB extends keyof DB & string, O>(
  reader: Reader,
  all: SelectQueryBuilder<DB, TB, O>,
  order: readonly OrderColumn<O>[],
  wish: PageWish,
  list?: readonly unknown[],
): Promise<Page<O>> {
  const size = wish.size ?? defaultSize;
  const number = wish.number ?? 1;
  let ordered = all;
  for (const by of order) ordered = ordered.orderBy(sql.ref(by.column), by.order ?? "asc");
  const { sql: text, parameters } = ordered.compile();
  const cursor = cursorOf(reader, list ?? [text, parameters], number, size);
  const rest = cursor.mark ? ordered.where(after(order, cursor.mark)) : ordered.offset((number - 1) * size);
  const rows = await rest.limit(size).execute();
  cursor.put(rows, order);
  return { rows, number, size, total: await count(all) };
}

/** One page of a table's rows, oldest first. */
export function pageOf<DB, TB extends keyof DB & string, O extends { id: string; createdAt: number }>(
  reader: Reader,
  all: SelectQueryBuilder<DB, TB, O>,
  table: TB,
  wish: PageWish,
  list?: readonly unknown[],
): Promise<Page<O>> {
  const byAge: OrderColumn<O>[] = [
    { column: `${table}.created_at`, of: "createdAt" },
    { column: `${table}.id`, of: "id" },
  ];
  return pageInOrder(reader, all, byAge, wish, list);
}

/** The order of rules: by priority, then oldest first. */
export const byPriority = (order: "asc" | "desc") =>
  [
    { column: "priority", of: "priority", order },
    { column: "created_at", of: "createdAt" },
    { column: "id", of: "id" },
  ] as const;

/**
 * Like pageInOrder, for rows that are not of one query. Sorts them. `list` identifies the list and its filters among all lists of the
 * reader.
 */
export function pageOfRows<O>(
  reader: Reader,
  list: readonly unknown[],
  all: readonly O[],
  by: readonly (keyof O & string)[],
  wish: PageWish,
): Page<O> {
  const size = wish.size ?? defaultSize;
  const number = wish.number ?? 1;
  const order = by.map((of) => ({ of }));
  const sorted = [...all].sort((a, b) => compare(valuesOf(a, order), valuesOf(b, order)));
  const cursor = cursorOf(reader, list, number, size);
  const { mark } = cursor;
  const begin = mark ? sorted.findIndex((row) => compare(valuesOf(row, order), mark) > 0) : (number - 1) * size;
  const rows = begin < 0 ? [] : sorted.slice(begin, begin + size);
  cursor.put(rows, order);
  return { rows, number, size, total: all.length };
}

/** Matches the rows after the one with these values. Only a comparison of rows can use an index, and it has one direction. */
function after<O>(order: readonly OrderColumn<O>[], mark: Mark): RawBuilder<boolean> {
  if (order.every((by) => by.order !== "desc")) {
    const columns = sql.join(order.map((by) => sql.ref(by.column)));
    return sql<boolean>`(${columns}) > (${sql.join([...mark])})`;
  }
  const each = order.map((by, i) => {
    const equal = order.slice(0, i).map((earlier, j) => sql`${sql.ref(earlier.column)} = ${mark[j]}`);
    const sign = sql.raw(by.order === "desc" ? "<" : ">");
    return sql`(${sql.join([...equal, sql`${sql.ref(by.column)} ${sign} ${mark[i]}`], sql` and `)})`;
  });
  return sql<boolean>`(${sql.join(each, sql` or `)})`;
}

const valuesOf = <O>(row: O, order: readonly { of: keyof O }[]): Mark => order.map(({ of }) => row[of] as Value);

/** Negative = a row with the values `a` comes first. */
function compare(a: Mark, b: Mark): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] as Value;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

async function count<DB, TB extends keyof DB, O>(all: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  const counted = all.clearSelect().select(sql<number>`count(*)`.as("count"));
  return Number(((await counted.executeTakeFirstOrThrow()) as { count: number }).count);
}

/** Condition that a column has this text anywhere. */
export function containing(column: string, part: string): RawBuilder<boolean> {
  const pattern = `%${part.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_")}%`;
  return sql<boolean>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

type Value = string | number;
/** The values of a page's last row in the columns of the list's order. */
type Mark = readonly Value[];

/** How long the end of a page is remembered, ms, and the maximum number of remembered ends. */
const markMs = 60_000;
const maxMarks = 10_000;

class Marks {
  readonly #all = new Map<string, { mark: Mark; until: number }>();

  find(key: string, now: number): Mark | undefined {
    const found = this.#all.get(key);
    return found && found.until > now ? found.mark : undefined;
  }

  put(key: string, mark: Mark, now: number): void {
    // Re-insert at the end: a Map keeps insertion order, so the first entry is the oldest.
    this.#all.delete(key);
    this.#all.set(key, { mark, until: now + markMs });
    const oldest = this.#all.keys().next().value;
    if (this.#all.size > maxMarks && oldest !== undefined) this.#all.delete(oldest);
  }
}

const known = new WeakMap<object, Marks>();

/** The end of the page before this one, if it is remembered, and how to remember the end of this one. */
function cursorOf(reader: Reader, list: readonly unknown[], number: number, size: number) {
  const marks = known.get(reader.memory) ?? new Marks();
  known.set(reader.memory, marks);
  const key = (page: number) => JSON.stringify([reader.actor, list, size, page]);
  return {
    mark: marks.find(key(number - 1), reader.monotonic()),
    put<O>(rows: readonly O[], order: readonly { of: keyof O }[]): void {
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      marks.put(key(number), valuesOf(last, order), reader.monotonic());
    },
  };
}
