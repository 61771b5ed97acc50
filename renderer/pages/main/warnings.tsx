import { texts } from "../../../common/text/index.ts";
import type { WarningView } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { Fixer } from "../../components/fixer.tsx";
import { Warn } from "../../components/icons.tsx";

/** Warnings while connected, except for those shown at a hop. */
export const Warnings = ({ warnings, onSignIn }: { warnings: WarningView[]; onSignIn: () => void }) => (
  <>
    {warnings.map((warning) => (
      <div key={warning.code} className="warning" data-tone="caution" role="status">
        <Warn />
        <p>
          <span className="foreign">{warning.message}</span>
          <br />
          <Fixer who={warning.fixer} />
        </p>
        {warning.code === "expires_soon" ? <Button onPress={onSignIn}>{texts.actions.signInAgain}</Button> : null}
      </div>
    ))}
  </>
);
