import type { Messages, Params } from "./types.ts";

/** Words of another program: the key of a message with its parameters, and the same in English for whoever does not know the key. */
export interface Words {
  /** CATALOGUE.NAME */
  key?: string | undefined;
  /** A parameter may be words of its own. */
  params?: Readonly<Record<string, string | Words>> | undefined;
  text?: string | undefined;
}

/** Renders words by the messages of these catalogues, by name: "" when nothing is said, the English where the key is not known. */
export function rendering(catalogues: Readonly<Record<string, Messages>>): (words: Words) => string {
  const known = new Map(Object.entries(catalogues));
  /** The key comes from another program, so it may name anything. */
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

/** A parameter that an older sender does not know is "", never "undefined". */
const complete = (params: Params): Params =>
  new Proxy(params, {
    get: (known, name) => (typeof name === "string" && Object.hasOwn(known, name) ? known[name] : ""),
  });
