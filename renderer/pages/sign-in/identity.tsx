import type { IdentityQuestion } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Heading } from "../../components/page.tsx";
import { words } from "../../i18n/en.ts";
import "./sign-in.css";

/** First use of a server that nobody vouches for: a person compares, and says yes or no. */
export const Identity = ({ question, onAnswer }: { question: IdentityQuestion; onAnswer: (yes: boolean) => void }) => (
  <>
    <div>
      <Heading>{words.identity.title}</Heading>
      <p className="page-intro foreign">{words.identity.intro(question.server)}</p>
    </div>
    <div className="fingerprint card">
      <p className="small quiet">{words.identity.fingerprint}</p>
      <p className="digits selectable">{question.fingerprint.match(/.{4}/g)?.join(" ")}</p>
      <CopyButton text={question.fingerprint} what={words.identity.fingerprint.toLowerCase()} />
    </div>
    <div className="form-foot">
      <Button big look="primary" onPress={() => onAnswer(true)}>
        {words.identity.yes}
      </Button>
      <Button big onPress={() => onAnswer(false)}>
        {words.identity.no}
      </Button>
    </div>
  </>
);
