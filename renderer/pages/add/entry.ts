import { findEnrolmentLink } from "../../../common/enrolment-link.ts";

/** The interpreted content of the field. */
export type Entry =
  | { kind: "empty" }
  /** A link, or CODE@SERVER. */
  | { kind: "complete"; invitation: string }
  /** An enterprise code; the server is asked for next. */
  | { kind: "code"; enterpriseCode: string }
  /** Incomplete so far. */
  | { kind: "unfinished"; lacks: "codeUnfinished" | "linkIncomplete" | "serverUnfinished" }
  /** A server's name or web address, without a code. */
  | { kind: "server" }
  | { kind: "invalid" };

const code = /^[0-9A-Za-z]{5}$/;
const codeAtHost = /^[0-9A-Za-z]{5}@[^\s@/]+$/;
const server = /^(https?:\/\/[^\s@]*|[0-9a-z-]+(\.[0-9a-z-]+)+\.?(:\d*)?\/?|\[[0-9a-f:.]+\](:\d*)?)$/i;

export const entryOf = (text: string): Entry => {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "empty" };
  const found = findEnrolmentLink(trimmed);
  if (found === "incomplete") return { kind: "unfinished", lacks: "linkIncomplete" };
  if (found) return { kind: "complete", invitation: found.link };
  if (codeAtHost.test(trimmed)) return { kind: "complete", invitation: trimmed };
  if (code.test(trimmed)) return { kind: "code", enterpriseCode: trimmed };
  if (/^[0-9a-z]{5}@$/i.test(trimmed)) return { kind: "unfinished", lacks: "serverUnfinished" };
  if (/^[0-9a-z]*(@[^\s@/]*)?$/i.test(trimmed)) return { kind: "unfinished", lacks: "codeUnfinished" };
  if ("sag://enroll?".startsWith(trimmed.toLowerCase())) return { kind: "unfinished", lacks: "linkIncomplete" };
  return server.test(trimmed) ? { kind: "server" } : { kind: "invalid" };
};
