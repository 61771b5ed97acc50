/** Characters that XML 1.0 does not allow, not even escaped: https://www.w3.org/TR/xml/#charsets */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };

/**
 * An answer in the published API's XML form: one element per field, a list as repeated elements of the same name, and no element for an
 * absent field.
 */
export function toXml(root: string, body: Readonly<Record<string, unknown>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element(root, body)}`;
}

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join("");
  const tag = nameOf(name);
  return `<${tag}>${typeof value === "object" ? children(value) : text(String(value))}</${tag}>`;
}

function children(value: object): string {
  return Object.entries(value)
    .map(([name, field]) => element(name, field))
    .join("");
}

/** An element name. The names of our operations are valid; only results of RunCommand can contain other names. */
function nameOf(name: string): string {
  const written = name.replace(/[^0-9A-Za-z_.-]/g, "_");
  return /^[A-Za-z_]/.test(written) ? written : `_${written}`;
}

function text(value: string): string {
  return value
    .toWellFormed()
    .replace(unwritable, "\ufffd")
    .replace(/[&<>\r]/g, (character) => entities[character] ?? character);
}
