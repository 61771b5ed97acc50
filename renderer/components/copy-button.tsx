import { useEffect, useState } from "react";
import { texts } from "../../common/text/window.ts";
import { bridge } from "../app/bridge.ts";
import { Button } from "./button.tsx";
import { Check, CopyIcon, Warn } from "./icons.tsx";

/** Copies a text; gives what came of it for as long as that is shown. */
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

/** With a label of its own, which says for a moment that it is done. */
export const CopyTextButton = ({ text, label }: { text: string; label: string }) => {
  const { outcome, copy } = useCopy(text);
  const said = outcome === null ? "" : texts.window.copyOutcome[outcome];
  return (
    <>
      <Button onPress={copy}>{said || label}</Button>
      <span role="status" className="hidden-visually">
        {said}
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

/** Copies a text and says so where it stands. */
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
