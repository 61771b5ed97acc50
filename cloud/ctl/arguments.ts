import { ctlTexts } from "../../common/text/ctl.ts";
import { invalid } from "../base/cause.ts";
import { foreign } from "../base/say.ts";

const errors = ctlTexts.errors.arguments;

/** Parser for an option that can be repeated, or given once with commas. */
export function list(value: string, before: string[] | undefined): string[] {
  return [
    ...(before ?? []),
    ...value
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  ];
}

export function wholeNumber(value: string): number {
  const number = Number(value);
  // Product account numbers (UIDs) have 16 digits.
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(number))
    throw invalid("number", foreign(errors.number(value)));
  return number;
}

/** Parses 30s, 15m, 12h, 7d or plain seconds; returns s. */
export function durationSeconds(value: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(value);
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] || "s"];
  if (!match || unit === undefined) throw invalid("duration", foreign(errors.duration(value)));
  return Number(match[1]) * unit;
}

export function onOff(value: string): boolean {
  if (/^(on|yes|true|1)$/i.test(value)) return true;
  if (/^(off|no|false|0)$/i.test(value)) return false;
  throw invalid("switch", foreign(errors.onOff(value)));
}

/** The first line of stdin. Passwords are not accepted as arguments, which other users of the host could see. */
export async function firstLineOfStdin(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.includes("\n") || text.length > 4_096) break;
  }
  // Editors may add a byte order mark, and `echo secret |` in some shells a trailing blank.
  const [first = ""] = text.replace(/^\ufeff/, "").split(/\r?\n/, 1);
  const line = first.replace(/[ \t\r]+$/, "");
  if (line === "") throw invalid("password", foreign(errors.noPassword));
  return line;
}

export function requiredOrOptional(value: string): boolean {
  if (value === "required") return true;
  if (value === "optional") return false;
  throw invalid("second-factor", foreign(errors.requiredOrOptional(value)));
}
