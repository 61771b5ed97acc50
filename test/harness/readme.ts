import { readFileSync } from "node:fs";
import { at } from "../../build/lib/root.ts";

/** The blocks of shell commands in a document; `text`: examples with placeholders. */
export const blocksOf = (document: string, kind: "sh" | "text" = "sh"): string[] =>
  [...readFileSync(at(document), "utf8").matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text = ""]) => text,
  );

/** The lines of the first block that contains this text; empty = there is none. */
export const commandsWith = (document: string, text: string, kind: "sh" | "text" = "sh"): string[] =>
  blocksOf(document, kind)
    .find((block) => block.includes(text))
    ?.trim()
    .split("\n") ?? [];
