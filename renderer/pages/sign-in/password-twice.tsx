import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { PasswordField } from "../../components/field.tsx";
import type { Faults } from "../../components/form.ts";

/** The state of a new password that is typed twice. */
export const usePasswordTwice = () => {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  return {
    password,
    again,
    setPassword,
    setAgain,
    faults: {
      newPassword: password ? undefined : texts.window.newPassword.missing,
      again: password === again ? undefined : texts.window.newPassword.different,
    } satisfies Faults,
  };
};

interface Props {
  twice: ReturnType<typeof usePasswordTwice>;
  autoFocus?: boolean;
  error: (name: string) => string | undefined;
  onEdit: () => void;
}

export const PasswordTwice = ({ twice, autoFocus = false, error, onEdit }: Props) => (
  <>
    <PasswordField
      label={texts.window.newPassword.field}
      name="newPassword"
      value={twice.password}
      hint={texts.window.newPassword.rules}
      onChange={(text) => {
        twice.setPassword(text);
        onEdit();
      }}
      error={error("newPassword")}
      autoComplete="new-password"
      maxLength={256}
      autoFocus={autoFocus}
    />
    <PasswordField
      label={texts.window.newPassword.again}
      name="again"
      value={twice.again}
      onChange={(text) => {
        twice.setAgain(text);
        onEdit();
      }}
      autoComplete="new-password"
      maxLength={256}
      error={error("again")}
    />
  </>
);
