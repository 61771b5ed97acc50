import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { BrowserSetting, FailureView } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";

/** Switches the system's proxy setting to the intranet's PAC file, and back. */
export const Browsers = ({ intranetId, setting }: { intranetId: string; setting: BrowserSetting }) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  const change = async (on: boolean) => {
    const answer = await bridge.call("useForBrowsers", { intranetId, on });
    setFailure(answer.ok ? null : answer.failure);
  };
  return (
    <div>
      <Switch
        label={texts.window.main.browsers}
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
