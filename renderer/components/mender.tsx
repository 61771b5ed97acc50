import { texts } from "../../common/text/index.ts";
import type { MenderWord } from "../../electron/bridge.ts";
import { Building, Globe, Person } from "./icons.tsx";
import "./mender.css";

const icons: Record<MenderWord, React.ReactNode> = {
  you: <Person />,
  administrator: <Building />,
  network: <Globe />,
};

/** Who can fix it. */
export const Mender = ({ who }: { who: MenderWord }) => (
  <span className="mender">
    {icons[who]}
    {texts.menders[who]}
  </span>
);
