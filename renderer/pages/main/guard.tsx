import type { IntranetState } from "../../../electron/core/model.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import { Laptop, Names, Shield, Warn } from "../../components/icons.tsx";
import { words } from "../../i18n/en.ts";
import { canLift, type GuardLine, guardLines } from "./guard.ts";
import "./guard.css";

const icons: Record<GuardLine["kind"], React.ReactNode> = {
  mode: <Laptop />,
  held: <Shield />,
  names: <Names />,
  trouble: <Warn />,
  lift: null,
};

/** Who goes through the tunnel, what is held back, and how that is lifted. */
export const Guard = ({ state, up }: { state: IntranetState; up: boolean }) => {
  const lines = guardLines(state, up);
  if (lines.length === 0) return null;
  return (
    <section className="guard small" data-blocking={state.blocking} data-up={up} aria-label={words.guard.label}>
      <ul>
        {lines.map(({ kind, text }, index) => (
          <li key={text} data-kind={kind}>
            {/* One shield for all that is held back. */}
            <span className="guard-icon">{lines[index - 1]?.kind === kind ? null : icons[kind]}</span>
            <span className="foreign">{text}</span>
          </li>
        ))}
      </ul>
      {canLift(state, up) ? (
        <Button look="quiet" onPress={() => bridge.call("disconnect", { intranetId: state.intranetId })}>
          {words.guard.liftNow}
        </Button>
      ) : null}
    </section>
  );
};
