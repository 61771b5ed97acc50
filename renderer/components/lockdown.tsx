import { useState } from "react";
import { texts } from "../../common/text/window.ts";
import type { CallName, FailureView, Lockdown as State } from "../../electron/bridge.ts";
import { bridge } from "../app/bridge.ts";
import { useNow } from "../app/use-now.ts";
import { Button } from "./button.tsx";
import { Confirm } from "./confirm.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Shield } from "./icons.tsx";
import { Trouble } from "./trouble.tsx";
import "./lockdown.css";

const text = texts.window.lockdown;
/** Works without the app and without the service. */
const command = "sudo sag lockdown off";

/** Shows who turned lockdown on, since when, and what can be done. `up`: the tunnel is connected. */
export const Lockdown = ({ lockdown, up = false }: { lockdown: State | null; up?: boolean }) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  if (!lockdown) return null;
  const ask = async (call: Extract<CallName, "liftLockdown" | "openPortal">) => {
    setFailure(null);
    const answer = await bridge.call(call);
    if (!answer.ok) setFailure(answer.failure);
  };
  return (
    <section className="lockdown" aria-label={text.label} data-tone="caution">
      <p className="lockdown-title">
        <Shield />
        <span>{text.title}</span>
      </p>
      <Whose lockdown={lockdown} />
      {up ? null : <Portal lockdown={lockdown} onOpen={() => ask("openPortal")} />}
      {lockdown.mayLift ? (
        <Confirm
          label={text.lift}
          title={text.liftQuestion}
          text={lockdown.by === "policy" ? text.liftPolicyText : text.liftText}
          yes={text.lift}
          onYes={() => ask("liftLockdown")}
        />
      ) : null}
      {lockdown.mayLift && !failure ? null : (
        <p>
          {text.administrator}{" "}
          <span className="lockdown-command">
            <code className="selectable">{command}</code>
            <CopyButton text={command} what={text.command} />
          </span>
        </p>
      )}
      {failure ? <Trouble failure={failure} /> : null}
    </section>
  );
};

const Whose = ({ lockdown: { by, since } }: { lockdown: State }) => {
  const now = useNow(10_000);
  const age = since === null ? null : Math.max(0, now - since);
  if (by === null && age === null) return null;
  return <p className="quiet">{text.on(age, by)}</p>;
};

/** The captive-portal exception: the user opens it, and it ends after some minutes. */
const Portal = ({ lockdown: { portal, mayOpenPortal }, onOpen }: { lockdown: State; onOpen: () => void }) => {
  const now = useNow(portal ? 1_000 : null);
  const left = portal ? Math.ceil((portal.until - now) / 1_000) : 0;
  if (portal && left > 0) {
    return (
      <p role="timer" className="number">
        {text.portalOpen(portal.link, `${Math.floor(left / 60)}:${`${left % 60}`.padStart(2, "0")}`)}
      </p>
    );
  }
  if (!mayOpenPortal) return null;
  return (
    <div>
      <Button onPress={onOpen}>{text.portal}</Button>
      <p className="quiet">{text.portalHint}</p>
    </div>
  );
};
