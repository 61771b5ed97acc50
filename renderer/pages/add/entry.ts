/** What has been typed or pasted into the one field of the first page. */
export type Entry =
  | { kind: "empty" }
  /** Everything is in it: a link, or CODE@SERVER. */
  | { kind: "complete"; invitation: string }
  /** An enterprise code: the server is asked for next. */
  | { kind: "code"; enterpriseCode: string }
  /** Not there yet; may become something. */
  | { kind: "unfinished" }
  | { kind: "invalid" };

const code = /^[0-9A-Za-z]{5}$/;
const codeAtHost = /^[0-9A-Za-z]{5}@[^\s@/]+$/;
/** An enrolment link, wherever it stands in a pasted message. */
const link = /sag:\/\/enroll\?[^\s<>"]+/i;

export const entryOf = (text: string): Entry => {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "empty" };
  const found = link.exec(trimmed);
  if (found) return { kind: "complete", invitation: found[0] };
  if (codeAtHost.test(trimmed)) return { kind: "complete", invitation: trimmed };
  if (code.test(trimmed)) return { kind: "code", enterpriseCode: trimmed };
  return "sag://enroll?".startsWith(trimmed.toLowerCase()) || /^[0-9A-Za-z]{0,5}@?$/.test(trimmed)
    ? { kind: "unfinished" }
    : { kind: "invalid" };
};
