import { texts } from "../../../common/text/window.ts";
import type { FailureView } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyTextButton } from "../../components/copy-button.tsx";

/** A page that could not be opened in a browser. */
export interface Unopened {
  address: string;
  failure: FailureView;
}

/** Reports that a page could not be opened, and what to do instead. The browser's output is shown on request. */
export const NotOpened = ({ unopened, onDismiss }: { unopened: Unopened; onDismiss: () => void }) => {
  const { address, failure } = unopened;
  return (
    <div className="trouble not-opened" role="alert" data-tone="stopped">
      <p className="trouble-message">{texts.window.main.notOpened.message}</p>
      <details>
        <summary>{texts.window.main.notOpened.details}</summary>
        <p className="foreign selectable small">{failure.message}</p>
      </details>
      <p className="not-opened-buttons">
        <CopyTextButton text={address} label={texts.window.main.notOpened.copy} />
        <Button look="quiet" onPress={onDismiss}>
          {texts.window.main.dismiss}
        </Button>
      </p>
    </div>
  );
};
