import { texts } from "../../../common/text/window.ts";
import type { SecondFactorKey } from "../../../electron/bridge.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Heading } from "../../components/page.tsx";
import { QrCode } from "../../components/qr-code.tsx";
import type { Flow } from "./flow.ts";
import { CodeForm } from "./otp.tsx";
import "./sign-in.css";

interface Props {
  name: string;
  made: SecondFactorKey;
  flow: Flow;
  onCode: (code: string) => void;
  onEdit: () => void;
}

/** Cameras open any link in a QR code, so only authenticator links are shown as one. */
const isAuthenticatorLink = (uri: string): boolean => uri.startsWith("otpauth://totp/");

/** A second factor is required but not set up: shows the key for an authenticator and asks for a first code. */
export const SetUp = ({ name, made: { secret, uri }, flow, onCode, onEdit }: Props) => (
  <>
    <div>
      <Heading>{texts.window.setUp.title}</Heading>
      <p className="page-intro foreign">{texts.window.setUp.intro(name)}</p>
    </div>
    {isAuthenticatorLink(uri) ? <QrCode text={uri} label={texts.window.setUp.code} /> : null}
    <div className="fingerprint card">
      <p className="small quiet">{texts.window.setUp.key}</p>
      <p className="digits selectable">{secret.match(/.{1,4}/g)?.join(" ")}</p>
      <CopyButton text={secret} what={texts.window.setUp.key.toLowerCase()} />
    </div>
    <CodeForm flow={flow} onCode={onCode} onEdit={onEdit} />
  </>
);
