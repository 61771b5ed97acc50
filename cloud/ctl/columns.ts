/** Characters that take two columns: East Asian wide and fullwidth ones (https://www.unicode.org/reports/tr11/), and emoji. */
const wide =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u;
/** Characters that take no column: combining marks and joiners. */
const none = /^(?:\p{Mn}|\p{Me}|\p{Default_Ignorable_Code_Point})/u;

const characterWidth = (character: string): number => (none.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** Number of terminal columns that a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Truncates a text to `width` columns; "…" marks the cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let left = width - 1;
  for (const character of text) {
    left -= characterWidth(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
