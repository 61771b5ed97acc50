import { texts } from "../../../common/text/window.ts";
import type { IntranetState } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Confirm } from "../../components/confirm.tsx";
import { Laptop, Names, Shield, Warn } from "../../components/icons.tsx";
import { canLift, type ProtectionLine, protectionLines } from "./protection.ts";
import "./protection.css";

const icons: Record<ProtectionLine["kind"], React.ReactNode> = {
  mode: <Laptop />,
  held: <Shield />,
  names: <Names />,
  trouble: <Warn />,
  lift: null,
};

interface Props {
  state: IntranetState;
  up: boolean;
  /** Whether this computer's proxy setting points to the intranet. */
  inBrowsers: boolean;
}

/** Shows which traffic is tunneled and blocked, and the button to end the blocking. */
export const Protection = ({ state, up, inBrowsers }: Props) => {
  const lines = protectionLines(state, up, inBrowsers);
  if (lines.length === 0) return null;
  return (
    <section
      className="protection small"
      data-blocking={state.blocking}
      data-up={up}
      aria-label={texts.window.protection.label}
    >
      <ul>
        {lines.map(({ kind, text }, index) => (
          <li key={text} data-kind={kind}>
            {/* One shield for all that is held back. */}
            <span className="protection-icon">{lines[index - 1]?.kind === kind ? null : icons[kind]}</span>
            <span className="foreign">{text}</span>
          </li>
        ))}
      </ul>
      {canLift(state, up) ? (
        <Confirm
          look="quiet"
          label={texts.window.protection.liftNow}
          title={texts.window.protection.liftQuestion}
          text={texts.window.protection.liftText}
          yes={texts.window.protection.liftNow}
          onYes={() => void bridge.call("disconnect", { intranetId: state.intranetId })}
        />
      ) : null}
    </section>
  );
};
