import type { Translated } from "./types.ts";

/** Translates a catalogue of English texts. */
export type Translation = <Catalogue>(english: Catalogue) => Translated<Catalogue>;

/**
 * Languages besides English, each loaded only when it is chosen. `pseudo` is English in brackets, to find texts
 * outside of the catalogues; `pseudo-long` is also a third longer, to find texts that are cut off.
 */
const translations = {
  pseudo: async (): Promise<Translation> => (await import("./pseudo/bracketed.ts")).bracketed,
  "pseudo-long": async (): Promise<Translation> => (await import("./pseudo/bracketed.ts")).lengthened,
};

export type Language = "en" | keyof typeof translations;

const isTranslation = (name: string): name is keyof typeof translations => Object.hasOwn(translations, name);

/**
 * Chooses the language when a program starts: from SAG_LANGUAGE, or in the window from the value that main passes. An
 * unknown language means English.
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
/** null for English, which needs no loading. */
const translate: Translation | null = language === "en" ? null : await translations[language]();

/** Returns a catalogue in the chosen language. */
export const inLanguage = <Catalogue>(english: Catalogue): Translated<Catalogue> =>
  translate ? translate(english) : (english as Translated<Catalogue>);
