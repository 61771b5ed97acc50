import { useEffect, useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { FailureView } from "../../../electron/bridge.ts";
import { useNow } from "../../app/use-now.ts";
import { Fixer } from "../../components/fixer.tsx";
import { SupportCode } from "../../components/support-code.tsx";

/** How long the tunnel has been up, updated while shown. */
export const Since = ({ since }: { since: number | null }) => {
  const now = useNow(10_000);
  if (since === null) return null;
  return <p className="quiet number">{texts.formats.age(Math.max(0, now - since))}</p>;
};

/** After this time the page says that connecting takes long, ms. */
const long = 6000;

interface WaitsProps {
  text: string;
  /** Why it takes long, if known. */
  cause: FailureView | null;
}

/** What is being waited for. It has a fixed height, so that the button below does not move. */
export const Waits = ({ text, cause }: WaitsProps) => {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), long);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="waits" role="status">
      <p className="foreign">
        {text} {cause ? cause.action : isLong ? texts.window.main.waits.long : null}
      </p>
      {cause ? (
        <p className="waits-foot small">
          <Fixer who={cause.fixer} />
          <SupportCode code={cause.cause} />
        </p>
      ) : null}
    </div>
  );
};
