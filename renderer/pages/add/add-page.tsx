import { type ClipboardEvent, useEffect, useRef, useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { CallArgument, Discovered, FailureView, IdentityQuestion } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { useStore } from "../../app/store.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Lockdown } from "../../components/lockdown.tsx";
import { ColumnPage, Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { Identity } from "../sign-in/identity.tsx";
import { Steps } from "../sign-in/steps.tsx";
import { useSignIn } from "../sign-in/use-sign-in.ts";
import { type Entry, entryOf } from "./entry.ts";

type Invitation = CallArgument<"discover">["invitation"];

interface Found {
  invitation: Invitation;
  discovered: Discovered;
  trust: string | undefined;
}

/** What is wrong with the content of the field; undefined = nothing. */
const faultOf = (entry: Entry): string | undefined => {
  const text = texts.window.add;
  switch (entry.kind) {
    case "empty":
      return text.missing;
    case "unfinished":
      return text[entry.lacks];
    case "server":
      return text.serverAlone;
    case "invalid":
      return text.invalid;
    default:
      return undefined;
  }
};

/** Adds an intranet, at the first start and later: one field first, then the next step. */
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

  // A link opened from outside is complete, so discovery starts without Continue.
  const asked = useRef(false);
  useEffect(() => {
    const complete = entryOf(given);
    if (asked.current || complete.kind !== "complete") return;
    asked.current = true;
    void discover(complete.invitation);
  });

  const faults = {
    invitation: faultOf(entry),
    server: entry.kind === "code" && !server.trim() ? texts.window.add.serverMissing : undefined,
  };
  const form = useChecked(faults, () => {
    if (invitation && !busy) void discover(invitation);
  });
  const edit = (set: (value: string) => void) => (value: string) => {
    set(value);
    setFailure(null);
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const complete = entryOf(event.clipboardData.getData("text"));
    if (complete.kind !== "complete" || busy) return;
    // Replaces the pasted text by the invitation found in it.
    event.preventDefault();
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
            <Heading>{texts.window.add.title}</Heading>
            <p className="page-intro">{texts.window.add.intro}</p>
          </div>
          <form onSubmit={form.submit} noValidate>
            <Field
              label={texts.window.add.field}
              name="invitation"
              value={text}
              onChange={edit(setText)}
              onPaste={paste}
              placeholder={texts.window.add.placeholder}
              maxLength={2048}
              error={entry.kind === "invalid" ? faultOf(entry) : form.error("invitation")}
              monospaced
              autoFocus
            />
            {entry.kind === "code" ? (
              <Field
                label={texts.window.add.server}
                name="server"
                value={server}
                onChange={edit(setServer)}
                error={form.error("server")}
                hint={texts.window.add.serverHint}
                maxLength={512}
                monospaced
              />
            ) : null}
            {failure ? <Trouble failure={failure} /> : null}
            <Button type="submit" big look="primary" isBusy={busy}>
              {busy ? texts.window.add.looking : texts.window.continue}
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
