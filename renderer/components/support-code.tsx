import { texts } from "../../common/text/window.ts";
import { CopyButton } from "./copy-button.tsx";
import "./support-code.css";

/** The code of a cause or a warning, for support: in small type, and to copy. */
export const SupportCode = ({ code }: { code: string }) => (
  <span className="code">
    <span className="hidden-visually">{texts.window.causeCode}: </span>
    <code className="selectable">{code}</code>
    <CopyButton text={code} label={texts.window.copyCauseCode} />
  </span>
);
