import { useEffect, useState } from "react";
import { texts } from "../../common/text/window.ts";
import { bridge } from "../app/bridge.ts";
import { Button } from "./button.tsx";
import { Check, CopyIcon, Warn } from "./icons.tsx";

/** Copies a text and returns the outcome while it is shown. */
const useCopy = (text: string) => {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), outcome === "copied" ? 1600 : 4000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    const answer = await bridge.call("copy", { text });
    setOutcome(answer.ok ? "copied" : "refused");
  };
  return { outcome, copy };
};

/** A copy button with a text label, which shows the outcome for a moment. */
export const CopyTextButton = ({ text, label }: { text: string; label: string }) => {
  const { outcome, copy } = useCopy(text);
  const shown = outcome === null ? "" : texts.window.copyOutcome[outcome];
  return (
    <>
      <Button onPress={copy}>{shown || label}</Button>
      <span role="status" className="hidden-visually">
        {shown}
      </span>
    </>
  );
};

interface CopyProps {
  text: string;
  what?: string;
  label?: string;
  isDisabled?: boolean;
}

/** An icon button that copies a text and shows the outcome next to it. */
export const CopyButton = ({ text, what = "", label, isDisabled = false }: CopyProps) => {
  const { outcome, copy } = useCopy(text);
  return (
    <Button
      look="icon"
      className="copy"
      aria-label={label ?? texts.window.copy(what)}
      data-outcome={outcome ?? undefined}
      isDisabled={isDisabled}
      onPress={copy}
    >
      {outcome === "copied" ? <Check /> : outcome === "refused" ? <Warn /> : <CopyIcon />}
      <span role="status" className="hidden-visually">
        {outcome === null ? "" : texts.window.copyOutcome[outcome]}
      </span>
    </Button>
  );
};
