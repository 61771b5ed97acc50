/** Marks around a link in a text; none of them is part of one. */
const token = /^[^\s<>"'“”‘’«»‹›]*/;
const pinValue = /^(sha256([:/]|%3A|%2F)+)?([0-9a-f]{64}|([0-9a-z_+/-]|%2B|%2F){43}(=|%3D)?)$/i;

/**
 * The enrolment link in a text, without what mail programs do to links: "&amp;", quotation marks and full stops around it, and ends of
 * lines in it. `incomplete`: there is one, but a part of it is missing, or it is not certain what belongs to it. null = there is none.
 */
export function findEnrolmentLink(text: string): { link: string } | "incomplete" | null {
  const start = text.search(/sag:\/\/enroll/i);
  if (start < 0) return null;
  const lines = text
    .slice(start)
    .replaceAll(/&amp;/gi, "&")
    .split(/\r?\n[>|\t ]*/);
  let link = "";
  for (const [i, line] of lines.entries()) {
    const part = token.exec(line)?.[0] ?? "";
    const whole = withoutMarks(link + part);
    const isLast = part.length < line.trimEnd().length || lines[i + 1] === undefined;
    // More parameters may stand on the next line; a line of prose does not begin with "&".
    const goesOn = !isLast && (/[&?=]$/.test(whole) || lines[i + 1]?.startsWith("&") === true);
    if (!goesOn && isComplete(whole)) return { link: whole };
    // Any word on the next line could be the rest of a code.
    const isCutInCode = /[?&]code=\w{0,4}$/i.test(link + part) && !/^\w+&/.test(lines[i + 1] ?? "");
    if (isLast || isCutInCode) return "incomplete";
    link += part;
  }
  return "incomplete";
}

/** Marks of a sentence at the end; a bracket only where none was opened in the link, as IPv6 addresses have them. */
function withoutMarks(link: string): string {
  const shorter = link.replace(/[.,;:!?)}…]+$/, "");
  return shorter.endsWith("]") && !shorter.includes("[") ? withoutMarks(shorter.slice(0, -1)) : shorter;
}

/** It names a server and a code, and its pins have their full length. What else is wrong with it is said when it is read. */
function isComplete(link: string): boolean {
  const query = /^sag:\/\/enroll\/?\?(.*)$/i.exec(link)?.[1];
  if (query === undefined) return false;
  const parameters = query.split("&").map((one) => one.split("=", 2));
  const has = (name: string, value: RegExp) =>
    parameters.some(([key, text = ""]) => key?.toLowerCase() === name && value.test(text));
  const pins = parameters.filter(([key]) => key?.toLowerCase() === "pin");
  return (
    has("server", /./) &&
    has("code", /^[0-9a-z]{5}(#.*)?$/i) &&
    pins.every(([, text = ""]) => text.split(/,|%2C/i).every((pin) => pinValue.test(pin)))
  );
}
