import { useState } from "react";
import { PasswordField } from "../../components/field.tsx";
import { words } from "../../i18n/en.ts";

/** A new password, typed twice because nobody sees it. */
export const usePasswordTwice = () => {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [isDifferent, setDifferent] = useState(false);
  return {
    password,
    again,
    isDifferent,
    setPassword,
    setAgain,
    /** The password if it was typed the same twice; otherwise that is said. */
    take: (): string => {
      setDifferent(password !== again);
      return password === again ? password : "";
    },
  };
};

interface Props {
  twice: ReturnType<typeof usePasswordTwice>;
  autoFocus?: boolean;
}

export const PasswordTwice = ({ twice, autoFocus = false }: Props) => (
  <>
    <PasswordField
      label={words.newPassword.field}
      name="newPassword"
      value={twice.password}
      onChange={twice.setPassword}
      autoComplete="new-password"
      maxLength={256}
      autoFocus={autoFocus}
    />
    <PasswordField
      label={words.newPassword.again}
      name="again"
      value={twice.again}
      onChange={twice.setAgain}
      autoComplete="new-password"
      maxLength={256}
      error={twice.isDifferent ? words.newPassword.different : undefined}
    />
  </>
);
