import type { Messages, Params } from "./types.ts";

/**
 * A message of another program: a key with its parameters, and the English text for readers that do not know the key.
 */
export interface Words {
  /** CATALOGUE.NAME */
  key?: string | undefined;
  /** A parameter may itself be a message. */
  params?: Readonly<Record<string, string | Words>> | undefined;
  text?: string | undefined;
}

/**
 * Returns a function that renders messages with these catalogues: "" for an empty message, the English text for an
 * unknown key.
 */
export function rendering(catalogues: Readonly<Record<string, Messages>>): (words: Words) => string {
  const known = new Map(Object.entries(catalogues));
  /** The key comes from another program, so it may be any string. */
  const find = (key: string): Messages[string] | undefined => {
    const [catalogue = "", ...rest] = key.split(".");
    const messages = known.get(catalogue);
    const name = rest.join(".");
    return messages && Object.hasOwn(messages, name) ? messages[name] : undefined;
  };
  const render = ({ key = "", params = {}, text = "" }: Words): string => {
    const message = find(key);
    if (message === undefined) return text;
    if (typeof message === "string") return message;
    const given = Object.entries(params).map(
      ([name, value]) => [name, typeof value === "object" && value !== null ? render(value) : String(value)] as const,
    );
    return message(complete(Object.fromEntries(given)));
  };
  return render;
}

/** A parameter that an older sender does not send is "" instead of "undefined". */
const complete = (params: Params): Params =>
  new Proxy(params, {
    get: (known, name) => (typeof name === "string" && Object.hasOwn(known, name) ? known[name] : ""),
  });
