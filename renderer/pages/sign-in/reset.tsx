import { useEffect, useRef, useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import type { Flow } from "./flow.ts";
import { PasswordTwice, usePasswordTwice } from "./password-twice.tsx";

interface Props {
  name: string;
  userName: string;
  flow: Flow;
  onReset: (code: string, password: string) => void;
  /** Goes back to request another code. */
  onAgain: () => void;
  onEdit: () => void;
}

/** Asks for the mailed code and a new password. */
export const Reset = ({ name, userName, flow, onReset, onAgain, onEdit }: Props) => {
  const twice = usePasswordTwice();
  const [code, setCode] = useState("");
  const form = useChecked({ code: code.trim() ? undefined : texts.window.reset.codeMissing, ...twice.faults }, () => {
    if (!flow.busy) onReset(code.trim(), twice.password);
  });
  // A wrong code is marked at its field and selected, so that it can be retyped.
  const wrongCode = flow.failure?.cause === "bad_credentials" ? flow.failure : null;
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!wrongCode) return;
    const field = box.current?.elements.namedItem("code");
    if (field instanceof HTMLInputElement) field.select();
  }, [wrongCode]);
  const edited = () => {
    if (flow.failure) onEdit();
  };
  return (
    <>
      <div>
        <Heading>{texts.window.reset.title}</Heading>
        <p className="page-intro foreign">{texts.window.reset.intro(userName)}</p>
      </div>
      <form ref={box} onSubmit={form.submit} noValidate>
        <Field
          label={texts.window.reset.code}
          hint={texts.window.reset.codeHint(name)}
          name="code"
          value={code}
          onChange={(text) => {
            setCode(text);
            edited();
          }}
          error={form.error("code") ?? (wrongCode ? `${wrongCode.message} ${wrongCode.action}` : undefined)}
          autoComplete="one-time-code"
          maxLength={32}
          monospaced
          autoFocus
        />
        <Button className="forgotten" look="quiet" onPress={onAgain}>
          {texts.window.reset.again}
        </Button>
        <PasswordTwice twice={twice} error={form.error} onEdit={edited} />
        {flow.failure && !wrongCode ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? texts.phases.signing_in : texts.window.reset.done}
        </Button>
      </form>
    </>
  );
};
