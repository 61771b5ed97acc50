import { texts } from "../../../common/text/index.ts";
import type { WarningView } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { Fixer } from "../../components/fixer.tsx";
import { Warn } from "../../components/icons.tsx";
import { SupportCode } from "../../components/support-code.tsx";

/** Warnings while connected, except for those shown at a hop. */
export const Warnings = ({ warnings, onSignIn }: { warnings: WarningView[]; onSignIn: () => void }) => (
  <>
    {warnings.map((warning) => (
      <Warning key={warning.code} warning={warning} role="status">
        {warning.code === "expires_soon" ? <Button onPress={onSignIn}>{texts.actions.signInAgain}</Button> : null}
      </Warning>
    ))}
  </>
);

interface Props {
  warning: WarningView;
  role?: "status";
  children?: React.ReactNode;
}

/** A warning: what is wrong, who can fix it, and the code for support. */
export const Warning = ({ warning, role, children }: Props) => (
  <div className="warning" data-tone="caution" role={role}>
    <Warn />
    <div className="warning-text">
      <p className="foreign">{warning.message}</p>
      <p className="warning-foot">
        <Fixer who={warning.fixer} />
        <SupportCode code={warning.code} />
      </p>
    </div>
    {children}
  </div>
);
