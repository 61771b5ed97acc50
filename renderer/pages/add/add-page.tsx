import { type FormEvent, useEffect, useRef, useState } from "react";
import type { CallArgument, IdentityQuestion } from "../../../electron/bridge.ts";
import type { Discovered } from "../../../electron/core/client.ts";
import type { FailureView } from "../../../electron/core/model.ts";
import { bridge } from "../../app/bridge.ts";
import { useStore } from "../../app/store.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Lockdown } from "../../components/lockdown.tsx";
import { ColumnPage, Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import { Identity } from "../sign-in/identity.tsx";
import { Steps } from "../sign-in/steps.tsx";
import { useSignIn } from "../sign-in/use-sign-in.ts";
import { entryOf } from "./entry.ts";

type Invitation = CallArgument<"discover">["invitation"];

interface Found {
  invitation: Invitation;
  discovered: Discovered;
  trust: string | undefined;
}

/** First start, or one more network: one field, and the next step as soon as it is known. */
export const AddPage = ({ first, invitation: given }: { first: boolean; invitation: string }) => {
  const go = useStore((state) => state.go);
  const lockdown = useStore((state) => state.snapshot?.lockdown ?? null);
  const [text, setText] = useState(given);
  const [server, setServer] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<FailureView | null>(null);
  const [question, setQuestion] = useState<IdentityQuestion | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const entry = entryOf(text);

  const invitation: Invitation | null =
    entry.kind === "complete"
      ? entry.invitation
      : entry.kind === "code" && server.trim()
        ? { server: server.trim(), enterpriseCode: entry.enterpriseCode }
        : null;

  const discover = async (target: Invitation, trust?: string) => {
    setBusy(true);
    setFailure(null);
    setQuestion(null);
    const answer = await bridge.call("discover", { invitation: target, ...(trust ? { trust } : {}) });
    setBusy(false);
    if (answer.ok) setFound({ invitation: target, discovered: answer.value, trust });
    else if (answer.question) setQuestion(answer.question);
    else setFailure(answer.failure);
  };

  // A link that came from outside has everything in it: nobody has to press Continue for that.
  const asked = useRef(false);
  useEffect(() => {
    const complete = entryOf(given);
    if (asked.current || complete.kind !== "complete") return;
    asked.current = true;
    void discover(complete.invitation);
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (invitation && !busy) void discover(invitation);
  };
  const paste = (pasted: string) => {
    const complete = entryOf(pasted);
    if (complete.kind !== "complete" || busy) return;
    setText(complete.invitation);
    void discover(complete.invitation);
  };
  const startOver = () => {
    setFound(null);
    setQuestion(null);
  };
  const back = question ? startOver : first ? undefined : () => go("main");
  if (found) return <SignInTo found={found} startOver={startOver} />;

  return (
    <ColumnPage back={back} middle>
      {question ? (
        <Identity
          question={question}
          onAnswer={(yes) => (yes && invitation ? discover(invitation, question.fingerprint) : setQuestion(null))}
        />
      ) : (
        <>
          <div>
            <Heading>{words.add.title}</Heading>
            <p className="page-intro">{words.add.intro}</p>
          </div>
          <form onSubmit={submit}>
            <Field
              label={words.add.field}
              name="invitation"
              value={text}
              onChange={setText}
              onPaste={(event) => paste(event.clipboardData?.getData("text") ?? "")}
              placeholder={words.add.placeholder}
              maxLength={2048}
              error={entry.kind === "invalid" ? words.add.invalid : undefined}
              monospaced
              autoFocus
            />
            {entry.kind === "code" ? (
              <Field
                label={words.add.server}
                name="server"
                value={server}
                onChange={setServer}
                hint={words.add.serverHint}
                maxLength={512}
                monospaced
              />
            ) : null}
            {failure ? <Trouble failure={failure} /> : null}
            <Button type="submit" big look="primary" isBusy={busy}>
              {busy ? words.add.looking : words.continue}
            </Button>
          </form>
          <Lockdown lockdown={lockdown} />
        </>
      )}
    </ColumnPage>
  );
};

const SignInTo = ({ found, startOver }: { found: Found; startOver: () => void }) => {
  const use = useSignIn(found.invitation, found.trust);
  const { displayName, server } = found.discovered;
  return (
    <ColumnPage back={use.back ?? startOver} middle>
      <Steps name={displayName} server={server} userName="" use={use} />
    </ColumnPage>
  );
};
