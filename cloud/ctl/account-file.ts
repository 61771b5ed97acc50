import { ctlTexts } from "../../common/text/ctl.ts";
import { renderServerWords } from "../../common/text/server.ts";
import { typedName } from "../../common/user-name.ts";
import { invalid, Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";
import type { ImportWish } from "../domain/accounts/import.ts";
import { requireMail, requirePassword, requireUserName } from "../domain/limits/account.ts";
import { nameKey } from "../store/names.ts";
import { type CsvRow, type LineFault, longestShown, readCsv, requireFaultless } from "./csv.ts";

const { csv, files } = ctlTexts.errors;

/** Maximum number of accounts per file; the server has the same limit. */
export const mostAccounts = 2_000;

/** Maximum size of a file, MB (2^20 bytes): several times the size of `mostAccounts` complete rows in UTF-16. */
const mostMegabytes = 2;
/** The same in bytes. */
export const mostBytes = mostMegabytes * 1_048_576;

const columns = { needed: ["user", "mail"], optional: ["bandwidth", "client-ip", "password"] };

/**
 * The accounts of a CSV file. `bandwidth`, Kbit/s, is for rows without one. Throws a Refusal that names all wrong lines. What only the
 * server can check is not checked.
 */
export function accountsIn(bytes: Uint8Array, bandwidth: number | undefined): ImportWish[] {
  if (bytes.length > mostBytes) throw invalid("file", foreign(files.tooLarge(mostMegabytes, mostAccounts)));
  const { rows, faults } = readCsv(bytes, columns, mostAccounts);
  const count = rows.length + faults.length;
  if (count === 0) throw invalid("file", foreign(csv.noAccounts));
  if (count > mostAccounts) throw invalid("file", foreign(files.tooManyAccounts(mostAccounts)));
  const found = [...faults, ...incomplete(rows)];
  if (found.length > 0) {
    // The server would report wrong values, but this file is not sent to it.
    const named = new Set(found.map(({ line }) => line));
    requireFaultless([...found, ...rows.filter(({ line }) => !named.has(line)).flatMap(wrongValue)]);
  }
  return rows.map(({ line, cells }) => ({
    line,
    user: cells.user ?? "",
    mail: cells.mail ?? "",
    bandwidth: cells.bandwidth ? Number(cells.bandwidth) : bandwidth,
    clientIp: cells["client-ip"] || undefined,
    password: cells.password || undefined,
  }));
}

/** Rows that cannot be sent to the server, or that repeat a user name. */
function incomplete(rows: readonly CsvRow[]): LineFault[] {
  const lineOf = new Map<string, number>();
  return rows.flatMap(({ line, cells: { user = "", mail = "", bandwidth = "" } }) => {
    const first = lineOf.get(nameKey(user));
    lineOf.set(nameKey(user), first ?? line);
    const text =
      (user === "" && csv.userMissing(line)) ||
      (mail === "" && csv.mailMissing(line)) ||
      (first !== undefined && csv.sameUser(line, first)) ||
      (!/^\d{0,9}$/.test(bandwidth) && csv.bandwidth(line, bandwidth.slice(0, longestShown)));
    return text === false ? [] : [{ line, text }];
  });
}

function wrongValue({ line, cells: { user = "", mail = "", password = "" } }: CsvRow): LineFault[] {
  try {
    requireUserName(typedName(user));
    requireMail(mail);
    if (password !== "") requirePassword(password);
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [{ line, text: csv.refused(line, renderServerWords(error.said)) }];
  }
}
