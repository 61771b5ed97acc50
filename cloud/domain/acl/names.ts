/** Labels of at most 63 letters, digits, - and _; the last one is not a number, which would be an address. */
const form = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A name as target of a rule, such as db.corp.example or *.corp.example, in lower case; undefined = it is none. */
export function targetName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  return name.length <= 253 && form.test(name) ? name : undefined;
}

/** Whether a target name matches: "*.corp.example" matches names below corp.example, at any depth, but not itself. */
export const matchesName = (pattern: string, name: string): boolean =>
  pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) && name.length >= pattern.length : name === pattern;
