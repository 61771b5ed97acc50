import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";

interface Props {
  userName: string;
  flow: Flow;
  onUserName: (userName: string) => void;
}

/** A forgotten password: whose it is. What comes next is the same whether that name exists or not. */
export const Forgotten = ({ userName: known, flow, onUserName }: Props) => {
  const [userName, setUserName] = useState(known);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (userName.trim() && !flow.busy) onUserName(userName.trim());
  };
  return (
    <>
      <div>
        <Heading>{words.forgotten.title}</Heading>
        <p className="page-intro">{words.forgotten.intro}</p>
      </div>
      <form onSubmit={submit}>
        <Field
          label={words.signInPage.userName}
          name="userName"
          value={userName}
          onChange={setUserName}
          autoComplete="username"
          maxLength={64}
          autoFocus
        />
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? words.forgotten.sending : words.forgotten.send}
        </Button>
      </form>
    </>
  );
};
