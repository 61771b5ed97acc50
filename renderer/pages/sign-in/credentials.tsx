import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { Button } from "../../components/button.tsx";
import { Field, PasswordField } from "../../components/field.tsx";
import { useChecked } from "../../components/form.ts";
import { Heading } from "../../components/page.tsx";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";
import type { Flow } from "./flow.ts";
import "./sign-in.css";

interface Props {
  name: string;
  server: string;
  userName: string;
  /** The password typed before an intermediate step; "" = none. */
  password: string;
  flow: Flow;
  onSignIn: (userName: string, password: string, inFile: boolean) => void;
  onForgotten: (userName: string) => void;
  /** Called on the first edit after a failure. */
  onEdit: () => void;
}

/** User name and password, below the name of the server. */
export const Credentials = ({ name, server, userName: known, password: typed, flow, ...on }: Props) => {
  const { onSignIn, onForgotten, onEdit } = on;
  const [userName, setUserName] = useState(known);
  const [password, setPassword] = useState(typed);
  const [inFile, setInFile] = useState(false);
  const faults = {
    userName: userName.trim() ? undefined : texts.window.signInPage.userNameMissing,
    password: password ? undefined : texts.window.signInPage.passwordMissing,
  };
  const form = useChecked(faults, () => {
    if (!flow.busy) onSignIn(userName.trim(), password, inFile);
  });
  // The failure was about other input, so it is cleared on edit.
  const edit = (set: (text: string) => void) => (text: string) => {
    set(text);
    if (flow.failure) onEdit();
  };
  return (
    <>
      <div>
        <Heading className="foreign">{texts.window.signInPage.title(name)}</Heading>
        <p className="server-line foreign">
          {texts.window.signInPage.server} <b className="selectable">{server}</b>
        </p>
      </div>
      <form onSubmit={form.submit} noValidate>
        <Field
          label={texts.window.signInPage.userName}
          name="userName"
          value={userName}
          onChange={edit(setUserName)}
          error={form.error("userName")}
          autoComplete="username"
          maxLength={64}
          autoFocus={!known}
        />
        <PasswordField
          label={texts.window.signInPage.password}
          name="password"
          value={password}
          onChange={edit(setPassword)}
          error={form.error("password")}
          autoComplete="current-password"
          maxLength={256}
          autoFocus={Boolean(known)}
        />
        <Button className="forgotten" look="quiet" onPress={() => onForgotten(userName.trim())}>
          {texts.window.signInPage.forgotten}
        </Button>
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        {flow.mayUseFile ? (
          <Switch
            label={texts.window.signInPage.inFile}
            hint={texts.window.signInPage.inFileHint}
            isSelected={inFile}
            onChange={setInFile}
          />
        ) : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? texts.phases.signing_in : texts.actions.signIn}
        </Button>
      </form>
    </>
  );
};
