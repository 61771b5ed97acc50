import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field, PasswordField } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";

/** A password that has to be replaced before anything else. */
export const NewPassword = ({
  flow,
  onPassword,
}: {
  flow: Flow;
  onPassword: (password: string, otp: string) => void;
}) => {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [code, setCode] = useState("");
  const [different, setDifferent] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setDifferent(password !== again);
    const hasCode = !flow.needsOtp || code.length >= 6;
    if (password && password === again && hasCode && !flow.busy) onPassword(password, code);
  };
  return (
    <>
      <div>
        <Heading>{words.newPassword.title}</Heading>
        <p className="page-intro">{words.newPassword.intro}</p>
      </div>
      <form onSubmit={submit}>
        <PasswordField
          label={words.newPassword.field}
          name="newPassword"
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          maxLength={256}
          autoFocus
        />
        <PasswordField
          label={words.newPassword.again}
          name="again"
          value={again}
          onChange={setAgain}
          autoComplete="new-password"
          maxLength={256}
          error={different ? words.newPassword.different : undefined}
        />
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
