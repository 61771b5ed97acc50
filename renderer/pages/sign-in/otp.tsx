import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import type { Flow } from "./flow.ts";

interface Props {
  flow: Flow;
  onCode: (code: string) => void;
  onEdit: () => void;
}

/** Asks for the six-digit code of the second factor. */
export const Otp = (props: Props) => (
  <>
    <div>
      <Heading>{texts.window.otp.title}</Heading>
      <p className="page-intro">{texts.window.otp.intro}</p>
    </div>
    <CodeForm {...props} />
  </>
);

export const CodeForm = ({ flow, onCode, onEdit }: Props) => {
  const [code, setCode] = useState("");
  const form = useChecked({ otp: code.length >= 6 ? undefined : texts.window.otp.missing }, () => {
    if (!flow.busy) onCode(code);
  });
  return (
    <form onSubmit={form.submit} noValidate>
      <Field
        label={texts.window.otp.field}
        name="otp"
        value={code}
        // Authenticators show the code with a space, which may be pasted along.
        onChange={(text) => {
          setCode(text.replace(/\s/g, ""));
          if (flow.failure) onEdit();
        }}
        error={form.error("otp")}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={16}
        monospaced
        autoFocus
      />
      {flow.failure ? <Trouble failure={flow.failure} /> : null}
      <Button type="submit" big look="primary" isBusy={flow.busy}>
        {flow.busy ? texts.phases.signing_in : texts.actions.signIn}
      </Button>
    </form>
  );
};
