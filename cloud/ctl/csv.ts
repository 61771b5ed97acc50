import { CsvError, parse } from "csv-parse/sync";
import { ctlTexts } from "../../common/text/ctl.ts";
import { invalid } from "../base/cause.ts";
import { foreign } from "../base/say.ts";

const errors = ctlTexts.errors.csv;

/** A row of a CSV file: its line number, from 1, and its cells by lower-case column name. */
export interface CsvRow {
  line: number;
  cells: Record<string, string>;
}

/** Delimiters that spreadsheets use, depending on locale and menu. */
const delimiters = [",", ";", "\t"];

/**
 * Parses CSV as spreadsheets write it: with commas, semicolons or tabs; in UTF-8, UTF-16 or Windows-1252; with or without a byte order
 * mark or a line such as `sep=;`. The first line has the column names. Throws a Refusal with lines and columns.
 */
export function readCsv(bytes: Uint8Array, needed: readonly string[]): CsvRow[] {
  requireText(bytes);
  const text = decode(bytes);
  const [first = "", second = ""] = text.split(/\r\n|\n|\r/, 2);
  const said = /^sep=(.)$/i.exec(first)?.[1];
  const delimiter = said ?? likely(first);
  const records = parsed(text, delimiter, said === undefined ? 1 : 2);
  const [head, ...rest] = records;
  const columns = (head?.record ?? []).map((name) => name.toLowerCase());
  for (const name of needed) {
    if (columns.includes(name)) continue;
    const shown = (said === undefined ? first : second).slice(0, 80);
    throw invalid("file", foreign(errors.columnMissing(name, shown)));
  }
  requireAll(
    rest.map(({ record, info }) => {
      const first = record[columns.length]?.slice(0, 40) ?? "";
      return record.length > columns.length && errors.tooManyCells(info.lines, record.length, columns.length, first);
    }),
  );
  return rest.map(({ record, info }) => ({
    line: info.lines,
    cells: Object.fromEntries(columns.map((name, i) => [name, record[i] ?? ""])),
  }));
}

/** Faults that one refusal names. */
const mostNamed = 10;

/** Refuses a file with what is wrong in each of its lines; false = nothing is. */
export function requireAll(faults: readonly (string | false)[]): void {
  const found = faults.filter((fault) => fault !== false);
  if (found.length === 0) return;
  const rest = found.length - mostNamed;
  const named = found.slice(0, mostNamed);
  throw invalid("file", foreign([...named, ...(rest > 0 ? [errors.more(rest)] : [])].join(" ")));
}

/**
 * Refuses file types that people choose by mistake. The message contains nothing of the file, because a terminal could interpret it.
 */
function requireText(bytes: Uint8Array): void {
  const begin = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  if (begin.startsWith("504b0304")) throw invalid("file", foreign(errors.workbook));
  if (begin === "d0cf11e0a1b11ae1") throw invalid("file", foreign(errors.oldWorkbook));
  if (begin.startsWith("25504446")) throw invalid("file", foreign(errors.pdf));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x08\x0e-\x1f\x7f]/.test(decode(bytes.subarray(0, 1_024)))) throw invalid("file", foreign(errors.noText));
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

function parsed(text: string, delimiter: string, fromLine: number): Parsed[] {
  try {
    const all = parse(text, {
      delimiter,
      from_line: fromLine,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
    });
    return all as unknown as Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines, column } = error as CsvError & { lines?: number; column?: number | string };
    const at = typeof column === "number" ? column + 1 : undefined;
    throw invalid("file", foreign(errors.unreadable(String(lines), at, error.message.split("\n")[0] ?? "")));
  }
}

/** The delimiter that occurs most often in the header line. */
function likely(line: string): string {
  const count = (delimiter: string) => line.split(delimiter).length;
  return delimiters.reduce((best, one) => (count(one) > count(best) ? one : best));
}

/**
 * Decodes by byte order mark; otherwise UTF-16 if every other byte is 0, UTF-8 if valid, else Windows-1252, which Excel writes in
 * Western Europe.
 */
function decode(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (a !== 0 && b === 0) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
