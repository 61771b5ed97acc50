import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";

interface Props {
  flow: Flow;
  onCode: (code: string) => void;
}

/** The second factor: six digits. */
export const Otp = ({ flow, onCode }: Props) => (
  <>
    <div>
      <Heading>{words.otp.title}</Heading>
      <p className="page-intro">{words.otp.intro}</p>
    </div>
    <CodeForm flow={flow} onCode={onCode} />
  </>
);

export const CodeForm = ({ flow, onCode }: Props) => {
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.length >= 6 && !flow.busy) onCode(code);
  };
  return (
    <form onSubmit={submit}>
      <Field
        label={words.otp.field}
        name="otp"
        value={code}
        // Pasted with a space in the middle, as authenticators show it.
        onChange={(text) => setCode(text.replace(/\s/g, ""))}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={16}
        monospaced
        autoFocus
      />
      {flow.failure ? <Trouble failure={flow.failure} /> : null}
      <Button type="submit" big look="primary" isBusy={flow.busy}>
        {flow.busy ? words.phases.signing_in : words.signIn}
      </Button>
    </form>
  );
};
