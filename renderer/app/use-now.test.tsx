import { useState } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, expect, test, vi } from "vitest";
import { useNow } from "./use-now.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("is the current time when updates begin long after the component was shown", () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const shown: number[] = [];
  const Countdown = () => {
    const [step, setStep] = useState<number | null>(null);
    shown.push(useNow(step));
    if (step === null) {
      vi.setSystemTime(1_060_000);
      setStep(1_000);
    }
    return null;
  };
  renderToString(<Countdown />);
  expect(shown).toEqual([1_000_000, 1_060_000]);
});
