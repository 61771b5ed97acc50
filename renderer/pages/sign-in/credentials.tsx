import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field, PasswordField } from "../../components/field.tsx";
import { Heading } from "../../components/page.tsx";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";
import type { Flow } from "./flow.ts";
import "./sign-in.css";

interface Props {
  name: string;
  server: string;
  userName: string;
  /** What was typed before a step in between; "" = nothing. */
  password: string;
  flow: Flow;
  onSignIn: (userName: string, password: string, inFile: boolean) => void;
  onForgotten: (userName: string) => void;
}

/** Name and password, under the name of the server they go to. */
export const Credentials = ({ name, server, userName: known, password: typed, flow, onSignIn, onForgotten }: Props) => {
  const [userName, setUserName] = useState(known);
  const [password, setPassword] = useState(typed);
  const [inFile, setInFile] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (userName.trim() && password && !flow.busy) onSignIn(userName.trim(), password, inFile);
  };
  return (
    <>
      <div>
        <Heading className="foreign">{words.signInPage.title(name)}</Heading>
        <p className="server-line foreign">
          {words.signInPage.server} <b className="selectable">{server}</b>
        </p>
      </div>
      <form onSubmit={submit}>
        <Field
          label={words.signInPage.userName}
          name="userName"
          value={userName}
          onChange={setUserName}
          autoComplete="username"
          maxLength={64}
          autoFocus={!known}
        />
        <PasswordField
          label={words.signInPage.password}
          name="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          maxLength={256}
          autoFocus={Boolean(known)}
        />
        <Button className="forgotten" look="quiet" onPress={() => onForgotten(userName.trim())}>
          {words.signInPage.forgotten}
        </Button>
        {flow.failure ? <Trouble failure={flow.failure} /> : null}
        {flow.mayUseFile ? (
          <Switch
            label={words.signInPage.inFile}
            hint={words.signInPage.inFileHint}
            isSelected={inFile}
            onChange={setInFile}
          />
        ) : null}
        <Button type="submit" big look="primary" isBusy={flow.busy}>
          {flow.busy ? words.phases.signing_in : words.signIn}
        </Button>
      </form>
    </>
  );
};
