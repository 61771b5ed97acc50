import { useEffect, useState } from "react";
import { bridge } from "../app/bridge.ts";
import { words } from "../i18n/en.ts";
import { Button } from "./button.tsx";
import { Check, CopyIcon } from "./icons.tsx";

/** Copies a text and says so where it stands. */
export const CopyButton = ({ text, what }: { text: string; what: string }) => {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    const answer = await bridge.call("copy", { text });
    setCopied(answer.ok);
  };
  return (
    <Button look="icon" className="copy" aria-label={words.copy(what)} onPress={copy}>
      {copied ? <Check /> : <CopyIcon />}
      <span role="status" className="hidden-visually">
        {copied ? words.copied : ""}
      </span>
    </Button>
  );
};
