import { readFileSync } from "node:fs";
import { at } from "../../build/lib/root.ts";

/** The blocks of shell commands in a document, as whoever pastes them has them; `text`: examples, which have places to fill in. */
export const blocksOf = (document: string, kind: "sh" | "text" = "sh"): string[] =>
  [...readFileSync(at(document), "utf8").matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text = ""]) => text,
  );

/** Lines of the first block of a document in which this stands; none = there is no such block. */
export const commandsWith = (document: string, text: string, kind: "sh" | "text" = "sh"): string[] =>
  blocksOf(document, kind)
    .find((block) => block.includes(text))
    ?.trim()
    .split("\n") ?? [];
