import { texts } from "../../common/text/index.ts";
import type { FixerWord } from "../../electron/bridge.ts";
import { Building, Globe, Person } from "./icons.tsx";
import "./fixer.css";

const icons: Record<FixerWord, React.ReactNode> = {
  you: <Person />,
  administrator: <Building />,
  network: <Globe />,
};

/** Who can fix it. */
export const Fixer = ({ who }: { who: FixerWord }) => (
  <span className="fixer">
    {icons[who]}
    {texts.fixers[who]}
  </span>
);
