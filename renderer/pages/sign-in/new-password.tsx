import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";
import { PasswordTwice, usePasswordTwice } from "./password-twice.tsx";

/** A password that has to be replaced before anything else. */
export const NewPassword = ({
  flow,
  onPassword,
}: {
  flow: Flow;
  onPassword: (password: string, otp: string) => void;
}) => {
  const twice = usePasswordTwice();
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const password = twice.take();
    const hasCode = !flow.needsOtp || code.length >= 6;
    if (password && hasCode && !flow.busy) onPassword(password, code);
  };
  return (
    <>
      <div>
        <Heading>{words.newPassword.title}</Heading>
        <p className="page-intro">{words.newPassword.intro}</p>
      </div>
      <form onSubmit={submit}>
        <PasswordTwice twice={twice} autoFocus />
        {flow.needsOtp ? (
          <Field
            label={words.otp.field}
            hint={words.otp.fresh}
            name="otp"
            value={code}
            onChange={(text) => setCode(text.replace(/\s/g, ""))}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={16}
            monospaced
          />
        ) : null}
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? words.phases.signing_in : words.newPassword.done}
        </Button>
      </form>
    </>
  );
};
