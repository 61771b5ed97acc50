import { invalid } from "../base/cause.ts";

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
  if (!/^\d{1,12}$/.test(value)) throw invalid("number", `${value} is not a whole number.`);
  return Number(value);
}

/** 30s, 15m, 12h, 7d, or plain seconds → s. */
export function durationSeconds(value: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(value);
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] || "s"];
  if (!match || unit === undefined)
    throw invalid("duration", `${value} is not a duration such as 90s, 15m, 12h or 7d.`);
  return Number(match[1]) * unit;
}

export function onOff(value: string): boolean {
  if (/^(on|yes|true|1)$/i.test(value)) return true;
  if (/^(off|no|false|0)$/i.test(value)) return false;
  throw invalid("switch", `${value} is neither on nor off.`);
}

/** The first line of standard input: a password never stands in the arguments, where others could read it. */
export async function firstLineOfStdin(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.includes("\n") || text.length > 4_096) break;
  }
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  if (line === "") throw invalid("password", "There is no password on standard input.");
  return line;
}

export function requiredOrOptional(value: string): boolean {
  if (value === "required") return true;
  if (value === "optional") return false;
  throw invalid("second-factor", `${value} is neither required nor optional.`);
}
