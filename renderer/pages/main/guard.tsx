import type { IntranetState } from "../../../electron/core/model.ts";
import { Shield } from "../../components/icons.tsx";
import { words } from "../../i18n/en.ts";
import "./guard.css";

/** What is really held back on this machine now. */
export const Guard = ({ state, up }: { state: IntranetState; up: boolean }) => {
  const text = guardText(state, up);
  return text ? (
    <p className="guard small" data-blocking={state.blocking}>
      <Shield />
      {text}
    </p>
  ) : null;
};

const guardText = ({ blocking, mode }: IntranetState, up: boolean): string => {
  if (blocking === "all") return up ? words.guard.all : words.guard.allDown;
  if (blocking === "intranet") return up ? words.guard.intranet : words.guard.intranetDown;
  return up && mode === "proxy" ? words.guard.noneProxy : words.guard.none;
};
