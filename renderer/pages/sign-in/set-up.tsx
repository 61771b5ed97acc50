import type { SecondFactorKey } from "../../../electron/bridge.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Heading } from "../../components/page.tsx";
import { QrCode } from "../../components/qr-code.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";
import { CodeForm } from "./otp.tsx";
import "./sign-in.css";

interface Props {
  name: string;
  made: SecondFactorKey;
  flow: Flow;
  onCode: (code: string) => void;
}

/** What a camera reads is acted upon: from whoever it comes, it is for an authenticator or not shown. */
const isAuthenticatorLink = (uri: string): boolean => uri.startsWith("otpauth://totp/");

/** A second factor is required and there is none yet: the key for an authenticator, and a first code made with it. */
export const SetUp = ({ name, made: { secret, uri }, flow, onCode }: Props) => (
  <>
    <div>
      <Heading>{words.setUp.title}</Heading>
      <p className="page-intro foreign">{words.setUp.intro(name)}</p>
    </div>
    {isAuthenticatorLink(uri) ? <QrCode text={uri} label={words.setUp.code} /> : null}
    <div className="fingerprint card">
      <p className="small quiet">{words.setUp.key}</p>
      <p className="digits selectable">{secret.match(/.{1,4}/g)?.join(" ")}</p>
      <CopyButton text={secret} what={words.setUp.key.toLowerCase()} />
    </div>
    <CodeForm flow={flow} onCode={onCode} />
  </>
);
