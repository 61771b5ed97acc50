import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import type { Flow } from "./flow.ts";
import { PasswordTwice, usePasswordTwice } from "./password-twice.tsx";

/** Asks for a new password where the current one has to be changed. */
export const NewPassword = ({
  flow,
  onPassword,
  onEdit,
}: {
  flow: Flow;
  onPassword: (password: string, otp: string) => void;
  onEdit: () => void;
}) => {
  const twice = usePasswordTwice();
  const [code, setCode] = useState("");
  const otp = !flow.needsOtp || code.length >= 6 ? undefined : texts.window.otp.missing;
  const shown = [...Object.keys(twice.faults), ...(flow.needsOtp ? ["otp"] : [])];
  const send = () => {
    if (!flow.busy) onPassword(twice.password, code);
  };
  const form = useChecked({ ...twice.faults, otp }, send, shown);
  const edited = () => {
    if (flow.failure) onEdit();
  };
  return (
    <>
      <div>
        <Heading>{texts.window.newPassword.title}</Heading>
        <p className="page-intro">{texts.window.newPassword.intro}</p>
      </div>
      <form onSubmit={form.submit} noValidate>
        <PasswordTwice twice={twice} error={form.error} onEdit={edited} autoFocus />
        {flow.needsOtp ? (
          <Field
            label={texts.window.otp.field}
            hint={texts.window.otp.fresh}
            name="otp"
            value={code}
            onChange={(text) => {
              setCode(text.replace(/\s/g, ""));
              edited();
            }}
            error={form.error("otp")}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={16}
            monospaced
            // Appears after the passwords were submitted, so it takes the focus.
            autoFocus
          />
        ) : null}
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? texts.phases.signing_in : texts.window.newPassword.done}
        </Button>
      </form>
    </>
  );
};
