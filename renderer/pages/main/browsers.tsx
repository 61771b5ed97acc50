import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { BrowserSetting, FailureView } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";

interface Props {
  intranetId: string;
  setting: BrowserSetting;
  /** The intranet's name, where it is not clear which one is meant. */
  name?: string;
}

/** Switches the system's proxy setting to the intranet's PAC file, and back. */
export const Browsers = ({ intranetId, setting, name }: Props) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  const change = async (on: boolean) => {
    const answer = await bridge.call("useForBrowsers", { intranetId, on });
    setFailure(answer.ok ? null : answer.failure);
  };
  return (
    <div>
      <Switch
        label={name === undefined ? texts.window.main.browsers : texts.window.main.browsersOf(name)}
        hint={texts.window.main.browsersHint}
        isSelected={setting.intranetId === intranetId}
        onChange={change}
      />
      {setting.refused ? (
        <p className="small" role="status">
          {texts.window.main.browsersRefused}
        </p>
      ) : null}
      {failure ? <Trouble failure={failure} /> : null}
    </div>
  );
};
