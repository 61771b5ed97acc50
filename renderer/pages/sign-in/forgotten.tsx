import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Heading } from "../../components/page.tsx";
import { Trouble } from "../../components/trouble.tsx";
import type { Flow } from "./flow.ts";

interface Props {
  userName: string;
  flow: Flow;
  onUserName: (userName: string) => void;
  onEdit: () => void;
}

/** Asks for the user name. The next step is the same whether that name exists or not. */
export const Forgotten = ({ userName: known, flow, onUserName, onEdit }: Props) => {
  const [userName, setUserName] = useState(known);
  const faults = { userName: userName.trim() ? undefined : texts.window.signInPage.userNameMissing };
  const form = useChecked(faults, () => {
    if (!flow.busy) onUserName(userName.trim());
  });
  return (
    <>
      <div>
        <Heading>{texts.window.forgotten.title}</Heading>
        <p className="page-intro">{texts.window.forgotten.intro}</p>
      </div>
      <form onSubmit={form.submit} noValidate>
        <Field
          label={texts.window.signInPage.userName}
          name="userName"
          value={userName}
          onChange={(text) => {
            setUserName(text);
            if (flow.failure) onEdit();
          }}
          error={form.error("userName")}
          autoComplete="username"
          maxLength={64}
          autoFocus
        />
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? texts.window.forgotten.sending : texts.window.forgotten.send}
        </Button>
      </form>
    </>
  );
};
