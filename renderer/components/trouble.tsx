import { useEffect, useRef } from "react";
import type { FailureView } from "../../electron/bridge.ts";
import { Fixer } from "./fixer.tsx";
import { SupportCode } from "./support-code.tsx";
import "./trouble.css";

/** A failure: what is wrong, what to do, who can fix it, and the code for support. */
export const Trouble = ({ failure, centred = false }: { failure: FailureView; centred?: boolean }) => {
  const box = useRef<HTMLDivElement>(null);
  // In a form it appears above the submit button, so scroll until both are visible.
  useEffect(() => {
    box.current?.closest("form")?.querySelector("[type=submit]")?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={box} className={centred ? "trouble centred" : "trouble"} role="alert" data-tone="stopped">
      <p className="trouble-message foreign">{failure.message}</p>
      {failure.action ? <p className="foreign">{failure.action}</p> : null}
      <p className="trouble-foot">
        <Fixer who={failure.fixer} />
        <SupportCode code={failure.cause} />
      </p>
    </div>
  );
};
