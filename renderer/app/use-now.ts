import { useEffect, useState } from "react";

/** ms since the epoch, updated every `step` ms while the window is visible; null = not updated. */
export const useNow = (step: number | null): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (step === null) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, step);
    return () => clearInterval(timer);
  }, [step]);
  return now;
};
