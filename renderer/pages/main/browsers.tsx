import { useState } from "react";
import type { BrowserSetting } from "../../../electron/bridge.ts";
import type { FailureView } from "../../../electron/core/model.ts";
import { bridge } from "../../app/bridge.ts";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";

/** The PAC in the system's own proxy setting, and out of it again. */
export const Browsers = ({ intranetId, setting }: { intranetId: string; setting: BrowserSetting }) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  const change = async (on: boolean) => {
    const answer = await bridge.call("useForBrowsers", { intranetId, on });
    setFailure(answer.ok ? null : answer.failure);
  };
  return (
    <div>
      <Switch
        label={words.browsers}
        hint={words.browsersHint}
        isSelected={setting.intranetId === intranetId}
        onChange={change}
      />
      {failure ? <Trouble failure={failure} /> : null}
    </div>
  );
};
