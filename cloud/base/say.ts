import { admin } from "../../common/text/en/admin/index.ts";
import { cloud } from "../../common/text/en/cloud/index.ts";

/** A text for people: its key in common/text with parameters, and the same in English for readers that do not know the key. */
export interface Message {
  /** CATALOGUE.NAME; "" for an administrator's own words and for those of other software. */
  key: string;
  params: Record<string, Param>;
  text: string;
}

/** A value, or words that are a text of their own. */
export type Param = string | Message;

/** Messages for clients are in `cloud`, messages for administrators only in `admin`. No key is in both. */
const catalogue = { ...cloud, ...admin };

type Catalogue = typeof catalogue;
export type MessageKey = keyof Catalogue;
/** What `say` takes besides the key. */
export type ParamsOf<Key extends MessageKey> = Catalogue[Key] extends (params: infer P) => string
  ? [{ [Name in keyof P]: string | number | Message }]
  : [];

/** As many characters as the contract allows for a text and for a parameter. */
const longest = 1024;

/** A text of the catalogues. */
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

/** Parameters as readers take them that know no texts in them, such as the contract's. */
export const inEnglish = (params: Message["params"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === "string" ? value : value.text]),
  );

/** A text without a key: words of other software or of a person, or those of sagctl (common/text/en/ctl), which are never sent. */
export const foreign = (text: string): Message => ({ key: "", params: {}, text: text.slice(0, longest) });
