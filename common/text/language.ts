import type { Translated } from "./types.ts";

/** Gives a catalogue of English texts in another language. */
export type Translation = <Catalogue>(english: Catalogue) => Translated<Catalogue>;

/** Languages beside English, each loaded only when it is the chosen one. `pseudo` is English in brackets, to find words that are written elsewhere; `pseudo-long` is a third longer as well, to find what is cut off. */
const translations = {
  pseudo: async (): Promise<Translation> => (await import("./pseudo/bracketed.ts")).bracketed,
  "pseudo-long": async (): Promise<Translation> => (await import("./pseudo/bracketed.ts")).lengthened,
};

export type Language = "en" | keyof typeof translations;

const isTranslation = (name: string): name is keyof typeof translations => Object.hasOwn(translations, name);

/**
 * The one place where the language is chosen, when a program starts: by SAG_LANGUAGE, and in the window by what main hands over.
 * One that is not known is English.
 */
export function chosenLanguage(): Language {
  const { process, sag } = globalThis as {
    process?: { env?: Record<string, string | undefined> };
    sag?: { language?: string };
  };
  const name = sag?.language ?? process?.env?.SAG_LANGUAGE ?? "en";
  return isTranslation(name) ? name : "en";
}

const language = chosenLanguage();
/** English is there at once, and waits for nothing. */
const translate: Translation | null = language === "en" ? null : await translations[language]();

/** A catalogue in the language that this process was started with. */
export const inLanguage = <Catalogue>(english: Catalogue): Translated<Catalogue> =>
  translate ? translate(english) : (english as Translated<Catalogue>);
