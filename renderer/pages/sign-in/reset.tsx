import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";
import { PasswordTwice, usePasswordTwice } from "./password-twice.tsx";

interface Props {
  name: string;
  userName: string;
  flow: Flow;
  onReset: (code: string, password: string) => void;
  /** To where another code is asked for. */
  onAgain: () => void;
}

/** The code from the mail, and the password it is exchanged for. */
export const Reset = ({ name, userName, flow, onReset, onAgain }: Props) => {
  const twice = usePasswordTwice();
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const password = twice.take();
    if (code.trim() && password && !flow.busy) onReset(code.trim(), password);
  };
  return (
    <>
      <div>
        <Heading>{words.reset.title}</Heading>
        <p className="page-intro foreign">{words.reset.intro(userName)}</p>
      </div>
      <form onSubmit={submit}>
        <Field
          label={words.reset.code}
          hint={words.reset.codeHint(name)}
          name="code"
          value={code}
          onChange={setCode}
          autoComplete="one-time-code"
          maxLength={32}
          monospaced
          autoFocus
        />
        <Button className="forgotten" look="quiet" onPress={onAgain}>
          {words.reset.again}
        </Button>
        <PasswordTwice twice={twice} />
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? words.phases.signing_in : words.reset.done}
        </Button>
      </form>
    </>
  );
};
