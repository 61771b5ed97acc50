/** A text that another sentence can follow: with a full stop, unless it ends in a mark of its own. */
export function sentence(text: string): string {
  const whole = text.trimEnd();
  return whole === "" || /[.!?…]["'”’)\]⟧]*$/u.test(whole) ? whole : `${whole}.`;
}
