import { ctlTexts } from "../../common/text/ctl.ts";
import { invalid } from "../base/cause.ts";
import { foreign } from "../base/say.ts";

const errors = ctlTexts.errors.arguments;

/** Collects an option that may be given several times, or once with commas. */
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
  // Account numbers (UIDs) have 16 digits.
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(number))
    throw invalid("number", foreign(errors.number(value)));
  return number;
}

/** 30s, 15m, 12h, 7d, or plain seconds → s. */
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

/** The first line of standard input: a password never stands in the arguments, where others could read it. */
export async function firstLineOfStdin(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.includes("\n") || text.length > 4_096) break;
  }
  // Editors put a byte order mark before a text, and `echo secret |` of some shells a blank behind it.
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
