/** A link ends at white space or quotation marks. */
const token = /^[^\s<>"'“”‘’«»‹›]*/;
const pinValue = /^(sha256([:/]|%3A|%2F)+)?([0-9a-f]{64}|([0-9a-z_+/-]|%2B|%2F){43}(=|%3D)?)$/i;

/**
 * Finds the enrolment link in a text and undoes what mail programs do to links: "&amp;", quotation marks and full
 * stops around it, and line breaks in it. `incomplete`: a part of the link is missing, or its end is ambiguous. null
 * = there is no link.
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
    // More parameters may follow on the next line; a line of prose does not begin with "&".
    const goesOn = !isLast && (/[&?=]$/.test(whole) || lines[i + 1]?.startsWith("&") === true);
    if (!goesOn && isComplete(whole)) return { link: whole };
    // The code may be cut: any word on the next line could be the rest of it.
    const isCutInCode = /[?&]code=\w{0,4}$/i.test(link + part) && !/^\w+&/.test(lines[i + 1] ?? "");
    if (isLast || isCutInCode) return "incomplete";
    link += part;
  }
  return "incomplete";
}

/**
 * Removes punctuation at the end; a bracket only if none was opened in the link, because IPv6 addresses have them.
 */
function withoutMarks(link: string): string {
  const shorter = link.replace(/[.,;:!?)}…]+$/, "");
  return shorter.endsWith("]") && !shorter.includes("[") ? withoutMarks(shorter.slice(0, -1)) : shorter;
}

/** Whether the link has a server and a code, and pins of full length. Other errors are reported when it is parsed. */
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
