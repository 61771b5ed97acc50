import { useState } from "react";
import { fingerprintGroups } from "../../../common/fingerprint.ts";
import { texts } from "../../../common/text/window.ts";
import type { IdentityQuestion } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton, CopyTextButton } from "../../components/copy-button.tsx";
import { Heading } from "../../components/page.tsx";
import "./sign-in.css";

/**
 * First use of a server that cannot be verified: the user compares fingerprints. The safe answer is the primary
 * button.
 */
export const Identity = (props: { question: IdentityQuestion; onAnswer: (yes: boolean) => void }) => {
  const [refused, setRefused] = useState(false);
  return refused ? (
    <Refused question={props.question} onBack={() => props.onAnswer(false)} />
  ) : (
    <Compare question={props.question} onYes={() => props.onAnswer(true)} onNo={() => setRefused(true)} />
  );
};

/** The fingerprints differ: what to do, and what to report to the administrator. */
const Refused = ({ question: { server, fingerprint }, onBack }: { question: IdentityQuestion; onBack: () => void }) => (
  <>
    <div>
      <Heading>{texts.window.identity.refusedTitle}</Heading>
      <p className="page-intro foreign">{texts.window.identity.refused(server)}</p>
    </div>
    <div className="fingerprint card">
      <p className="small quiet">{texts.window.identity.fingerprint}</p>
      <p className="digits selectable">{fingerprintGroups(fingerprint)}</p>
    </div>
    <div className="form-foot">
      <CopyTextButton
        text={texts.window.identity.report(server, fingerprintGroups(fingerprint))}
        label={texts.window.identity.copyReport}
      />
      <Button onPress={onBack}>{texts.window.back}</Button>
    </div>
  </>
);

const Compare = ({ question, ...on }: { question: IdentityQuestion; onYes: () => void; onNo: () => void }) => (
  <>
    <div>
      <Heading>{question.changed ? texts.window.identity.changedTitle : texts.window.identity.title}</Heading>
      <p className="page-intro foreign">
        {(question.changed ? texts.window.identity.changedIntro : texts.window.identity.intro)(question.server)}
      </p>
    </div>
    <div className="fingerprint card">
      <p className="small quiet">{texts.window.identity.fingerprint}</p>
      <p className="digits selectable">{fingerprintGroups(question.fingerprint)}</p>
      <CopyButton text={fingerprintGroups(question.fingerprint)} label={texts.window.identity.copyFingerprint} />
    </div>
    <p className="quiet">{texts.window.identity.risk}</p>
    <div className="form-foot">
      <Button big look="primary" onPress={on.onNo}>
        {texts.window.identity.no}
      </Button>
      <Button onPress={on.onYes}>{texts.window.identity.yes}</Button>
    </div>
  </>
);
