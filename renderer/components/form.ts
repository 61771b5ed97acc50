import { type SubmitEvent, useState } from "react";

/** Field name → error of its content; undefined = none. The first field with an error gets the focus. */
export type Faults = Record<string, string | undefined>;

/**
 * Validates a form on submit and shows errors at the fields. Errors appear only after a first attempt, and then stay
 * until they are fixed. Fields added later are not validated before the next attempt.
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
