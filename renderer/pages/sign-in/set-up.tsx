import { CopyButton } from "../../components/copy-button.tsx";
import { Heading } from "../../components/page.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";
import { CodeForm } from "./otp.tsx";
import "./sign-in.css";

interface Props {
  name: string;
  /** Base32. */
  secret: string;
  flow: Flow;
  onCode: (code: string) => void;
}

/** A second factor is required and there is none yet: the key for an authenticator, and a first code made with it. */
export const SetUp = ({ name, secret, flow, onCode }: Props) => (
  <>
    <div>
      <Heading>{words.setUp.title}</Heading>
      <p className="page-intro foreign">{words.setUp.intro(name)}</p>
    </div>
    <div className="fingerprint card">
      <p className="small quiet">{words.setUp.key}</p>
      <p className="digits selectable">{secret.match(/.{1,4}/g)?.join(" ")}</p>
      <CopyButton text={secret} what={words.setUp.key.toLowerCase()} />
    </div>
    <CodeForm flow={flow} onCode={onCode} />
  </>
);
