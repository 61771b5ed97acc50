/** Adds a full stop to a text, unless it already ends with a punctuation mark. */
export function sentence(text: string): string {
  const whole = text.trimEnd();
  return whole === "" || /[.!?…]["'”’)\]⟧]*$/u.test(whole) ? whole : `${whole}.`;
}
