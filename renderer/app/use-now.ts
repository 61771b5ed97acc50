import { useEffect, useState } from "react";

/** ms since the epoch, anew every `step` ms while somebody can see it. */
export const useNow = (step: number): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, step);
    return () => clearInterval(timer);
  }, [step]);
  return now;
};
