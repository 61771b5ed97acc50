import { type SubmitEvent, useState } from "react";

/** Field name → what is wrong with what is in it; undefined = nothing. The first wrong one gets the focus. */
export type Faults = Record<string, string | undefined>;

/**
 * Checks a form when it is sent, and says what is wrong at its fields: never before the person has tried, and from then on while it
 * lasts. A field that came after that was not tried yet.
 */
export const useChecked = (faults: Faults, send: () => void, fields: readonly string[] = Object.keys(faults)) => {
  const [tried, setTried] = useState<readonly string[]>([]);
  return {
    error: (name: string): string | undefined => (tried.includes(name) ? faults[name] : undefined),
    submit: (event: SubmitEvent<HTMLFormElement>): void => {
      event.preventDefault();
      setTried(fields);
      const wrong = Object.keys(faults).find((name) => faults[name] !== undefined);
      if (wrong === undefined) {
        send();
        return;
      }
      const field = event.currentTarget.elements.namedItem(wrong);
      if (field instanceof HTMLElement) field.focus();
    },
  };
};
