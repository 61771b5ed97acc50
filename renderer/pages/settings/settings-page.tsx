import { useState } from "react";
import { Label, RadioButton, RadioField, RadioGroup } from "react-aria-components";
import { texts } from "../../../common/text/window.ts";
import type { FailureView, IntranetView, Preferences, Snapshot } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { useStore } from "../../app/store.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ColumnPage, Heading } from "../../components/page.tsx";
import { Switch } from "../../components/switch.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { Browsers } from "../main/browsers.tsx";
import { Licenses } from "./licenses.tsx";
import "./settings.css";

const text = texts.window.settings;

export const SettingsPage = ({ view, snapshot }: { view: IntranetView; snapshot: Snapshot }) => {
  const go = useStore((state) => state.go);
  const { preferences, browsers } = snapshot;
  const { state } = view;
  const isOneOfSeveral = snapshot.intranets.length > 1;
  const isUp = state.session !== null && ["connecting", "connected", "reconnecting"].includes(state.phase);
  const [failure, setFailure] = useState<FailureView | null>(null);
  const set = (change: Partial<Preferences>) => bridge.call("setPreferences", change);
  const signOut = async (forget: boolean) => {
    setFailure(null);
    const answer = await bridge.call("signOut", { intranetId: state.intranetId, forget });
    if (answer.ok) go("main");
    else setFailure(answer.failure);
  };
  return (
    <ColumnPage back={() => go("main")}>
      <Heading>{texts.window.main.settings}</Heading>
      <section className="group">
        <h2>{text.start}</h2>
        <Switch
          label={text.launchAtLogin}
          isSelected={preferences.launchAtLogin}
          onChange={(launchAtLogin) => set({ launchAtLogin })}
        />
        <Switch
          label={text.startHidden}
          isSelected={preferences.startHidden}
          onChange={(startHidden) => set({ startHidden })}
        />
      </section>
      <section className="group">
        <h2>{text.connection}</h2>
        <Switch
          label={text.connectAtStart}
          {...(isOneOfSeveral ? { hint: text.connectAtStartTo(view.label) } : {})}
          isSelected={preferences.connectAtStart}
          onChange={(connectAtStart) => set({ connectAtStart })}
        />
        {browsers.supported ? (
          <Browsers
            intranetId={state.intranetId}
            setting={browsers}
            {...(isOneOfSeveral ? { name: view.label } : {})}
          />
        ) : null}
      </section>
      <section className="group">
        <h2>{text.appearance}</h2>
        <RadioGroup
          className="choices"
          value={preferences.theme}
          onChange={(theme) => set({ theme: theme as Preferences["theme"] })}
        >
          <Label className="hidden-visually">{text.theme}</Label>
          {(["system", "light", "dark"] as const).map((theme) => (
            <RadioField key={theme} value={theme}>
              <RadioButton className="choice">{text.themes[theme]}</RadioButton>
            </RadioField>
          ))}
        </RadioGroup>
      </section>
      <section className="group">
        <h2>{text.account}</h2>
        <p className="account">
          <span className="foreign">{state.userName}</span>
          <span className="quiet foreign"> · {state.displayName}</span>
          <br />
          <span className="quiet small foreign selectable">{state.server}</span>
        </p>
        <p className="account-buttons">
          {state.phase === "signed_out" ? null : (
            <Confirm
              label={text.signOut}
              title={text.signOutQuestion(view.label)}
              text={isUp ? text.signOutConnectedText : text.signOutText}
              yes={text.signOut}
              onYes={() => signOut(false)}
            />
          )}
          <Confirm
            label={text.remove(view.label)}
            title={text.removeQuestion(view.label)}
            text={isUp ? text.removeConnectedText : text.removeText}
            yes={text.remove(view.label)}
            onYes={() => signOut(true)}
          />
        </p>
        {failure ? <Trouble failure={failure} /> : null}
      </section>
      <section className="group">
        <h2>{text.advanced}</h2>
        <Facts view={view} />
        <p className="quiet small">
          {text.version} {snapshot.version}
        </p>
        <Licenses />
      </section>
    </ColumnPage>
  );
};

const Facts = ({ view: { state } }: { view: IntranetView }) => {
  const facts: [string, string | null][] = [
    [text.mode, state.mode && text.modes[state.mode]],
    [text.socks, state.socks],
    [text.http, state.http],
    [text.pac, state.pac],
    [text.names, state.machine?.names?.backend ?? null],
    [text.sessionId, state.session?.id ?? null],
  ];
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  if (known.length === 0) return <p className="quiet small">{text.afterConnect}</p>;
  return (
    <dl className="settings-facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt className="quiet">{name}</dt>
          <dd>
            <span className="selectable one-line">{value}</span>
            <CopyButton text={value} what={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
};
