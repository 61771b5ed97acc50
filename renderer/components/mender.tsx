import type { MenderWord } from "../../electron/core/model.ts";
import { words } from "../i18n/en.ts";
import { Building, Globe, Person } from "./icons.tsx";
import "./mender.css";

const icons: Record<MenderWord, React.ReactNode> = {
  you: <Person />,
  administrator: <Building />,
  network: <Globe />,
};

/** Who can mend it. */
export const Mender = ({ who }: { who: MenderWord }) => (
  <span className="mender">
    {icons[who]}
    {words.menders[who]}
  </span>
);
