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

/** What is wrong in a line. */
export interface LineFault {
  line: number;
  text: string;
}

/** Names of the columns that a file may have, in lower case. */
export interface CsvColumns {
  needed: readonly string[];
  optional: readonly string[];
}

/** Delimiters that spreadsheets use, depending on locale and menu. */
const delimiters = [",", ";", "\t"];

/**
 * Parses CSV as spreadsheets write it: with commas, semicolons or tabs; in UTF-8, UTF-16 or Windows-1252; with or without a byte order
 * mark or a line such as `sep=;`. The first line has the column names. Stops after `most` + 1 rows. Throws a Refusal for a file that
 * cannot be read; `faults` are the rows with too many cells, which are not in `rows`.
 */
export function readCsv(bytes: Uint8Array, columns: CsvColumns, most: number): { rows: CsvRow[]; faults: LineFault[] } {
  requireText(bytes);
  // The parser counts \r\n in a cell as two lines.
  const text = decode(bytes).replace(/\r\n?/g, "\n");
  const nul = text.indexOf("\0");
  if (nul >= 0) throw invalid("file", foreign(errors.nul(text.slice(0, nul).split("\n").length)));
  const [first = "", second = ""] = text.split("\n", 2);
  const said = /^sep=(.)$/i.exec(first)?.[1];
  const records = parsed(text, said ?? likely(first), said === undefined ? 1 : 2, most + 2);
  const [head, ...rest] = records;
  if (head === undefined) throw invalid("file", foreign(errors.empty));
  const names = filled(head.record).map((name) => name.toLowerCase());
  requireColumns(names, columns, said === undefined ? first : second);
  const rows: CsvRow[] = [];
  const faults: LineFault[] = [];
  for (const { record, info } of rest) {
    const cells = filled(record);
    if (cells.length <= names.length) {
      rows.push({ line: info.lines, cells: Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ""])) });
    } else {
      const last = cells.at(-1)?.slice(0, longestShown) ?? "";
      faults.push({ line: info.lines, text: errors.tooManyCells(info.lines, cells.length, names.length, last) });
    }
  }
  return { rows, faults };
}

/** The cells up to the last one with a value. Spreadsheets also write empty columns that were once in use. */
function filled(record: readonly string[]): string[] {
  return record.slice(0, record.findLastIndex((cell) => cell !== "") + 1);
}

/** Characters of a cell that a message shows. */
export const longestShown = 40;

function requireColumns(names: readonly string[], { needed, optional }: CsvColumns, line: string): void {
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw invalid("file", foreign(errors.columnMissing(missing, line.slice(0, 80))));
  const known = [...needed, ...optional];
  const unknown = names.filter((name) => !known.includes(name)).map((name) => name.slice(0, longestShown));
  if (unknown.length > 0) throw invalid("file", foreign(errors.unknownColumns(unknown.slice(0, mostNamed), known)));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalid("file", foreign(errors.columnTwice(twice)));
}

/** Faults that one refusal names. */
const mostNamed = 10;

/** Refuses a file with what is wrong in each of its lines. */
export function requireFaultless(faults: readonly LineFault[]): void {
  if (faults.length === 0) return;
  const named = faults.toSorted((a, b) => a.line - b.line).slice(0, mostNamed);
  const rest = faults.length - named.length;
  const text = [...named.map((fault) => fault.text), ...(rest > 0 ? [errors.more(rest)] : [])].join(" ");
  // Not `foreign`, which would cut off the end of a long list.
  throw invalid("file", { key: "", params: {}, text });
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

/** Parses the text from a line on, until `most` records are found. */
function parsed(text: string, delimiter: string, fromLine: number, most: number): Parsed[] {
  let last = fromLine - 1;
  try {
    const all = parse(text, {
      delimiter,
      from_line: fromLine,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      to: most,
      on_record: (record, { lines }) => {
        last = lines;
        return record;
      },
    });
    return all as unknown as Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    throw invalid("file", foreign(unreadable(error.code, lines ?? last + 1, nextLine(text, last))));
  }
}

/** What an error of the parser means. `begin` is the line in which the record begins. */
function unreadable(code: string, line: number, begin: number): string {
  switch (code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return errors.quoteOpen(begin);
    case "INVALID_OPENING_QUOTE":
      return errors.quoteInside(line);
    case "CSV_INVALID_CLOSING_QUOTE":
    case "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE":
      return errors.textAfterQuote(line);
    default:
      return errors.unreadable(line);
  }
}

/** Number of the first line after line `last` that is not blank. */
function nextLine(text: string, last: number): number {
  const following = text.split("\n").slice(last);
  return (
    last +
    1 +
    Math.max(
      0,
      following.findIndex((line) => line.trim() !== ""),
    )
  );
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
