import { useEffect, useReducer } from "react";

/**
 * ms since the epoch, as of this render, which is repeated every `step` ms while the window is visible; null = not
 * repeated.
 */
export const useNow = (step: number | null): number => {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (step === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) renderAgain();
    }, step);
    return () => clearInterval(timer);
  }, [step]);
  // Not kept as state: it would be out of date when the page shows something that has only just begun.
  return Date.now();
};
