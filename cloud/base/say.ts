import { admin } from "../../common/text/en/admin/index.ts";
import { cloud } from "../../common/text/en/cloud/index.ts";

/** A text for people: the key in common/text with its parameters, and the English text for readers without the catalogue. */
export interface Message {
  /** CATALOGUE.NAME; "" for text written by an administrator or by other software. */
  key: string;
  params: Record<string, Param>;
  text: string;
}

/** A value, or a message that is inserted into another one. */
export type Param = string | Message;

/** `cloud` has the messages for clients, `admin` those only for administrators. No key is in both. */
const catalogue = { ...cloud, ...admin };

type Catalogue = typeof catalogue;
export type MessageKey = keyof Catalogue;
/** Clients' contracts have texts as parameters only, so a message for clients takes no other message: it would be English there. */
type Value<Key extends MessageKey> = Key extends keyof typeof cloud ? string | number : string | number | Message;
/** The parameters that `say` requires for a key. */
export type ParamsOf<Key extends MessageKey> = Catalogue[Key] extends (params: infer P) => string
  ? [{ [Name in keyof P]: Value<Key> }]
  : [];

/** Maximum length of a text and of a parameter in the API contract, characters. */
const longest = 1024;

/** Makes a message from the catalogues. */
export function say<Key extends MessageKey>(key: Key, ...[given]: ParamsOf<Key>): Message {
  const params: Message["params"] = Object.fromEntries(
    Object.entries<string | number | Message>(given ?? {}).map(([name, value]) => [
      name,
      typeof value === "object" ? value : String(value).slice(0, longest),
    ]),
  );
  const text: string | ((params: never) => string) = catalogue[key];
  return {
    key: `${Object.hasOwn(cloud, key) ? "cloud" : "admin"}.${key}`,
    params,
    text: (typeof text === "string" ? text : text(inEnglish(params) as never)).slice(0, longest),
  };
}

/** Parameters with nested messages replaced by their English text, for the API contract, which has only strings. */
export const inEnglish = (params: Message["params"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === "string" ? value : value.text]),
  );

/**
 * A text without a key: from other software, written by a person, or a text of sagctl (common/text/en/ctl) that is never sent.
 */
export const foreign = (text: string): Message => ({ key: "", params: {}, text: text.slice(0, longest) });
