import { useEffect, useRef } from "react";
import { texts } from "../../../common/text/window.ts";
import { shownState } from "../../../common/tone.ts";
import type { HopView, IntranetState, IntranetView, Snapshot, WarningView } from "../../../electron/bridge.ts";
import { shownPhase } from "../../app/expected.ts";
import { lookOf } from "../../app/look.ts";
import { nextAction } from "../../app/next-action.ts";
import { dial, useStore } from "../../app/store.ts";
import { Button } from "../../components/button.tsx";
import { Sliders } from "../../components/icons.tsx";
import { Lockdown } from "../../components/lockdown.tsx";
import { StateShape } from "../../components/state-shape.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { Browsers } from "./browsers.tsx";
import { Chain } from "./chain.tsx";
import { Details } from "./details.tsx";
import { NetworkMenu } from "./network-menu.tsx";
import { Notice } from "./notice.tsx";
import { Protection } from "./protection-section.tsx";
import { Resources } from "./resources.tsx";
import { Sessions } from "./sessions.tsx";
import { Since, Waits } from "./since.tsx";
import { Traffic } from "./traffic.tsx";
import { Warnings } from "./warnings.tsx";
import "./main-page.css";

/** Whether the warning is already shown at its hop. */
const isInChain = (warning: WarningView, hops: HopView[]): boolean =>
  hops.some((hop) => hop.missing?.code === warning.code);

/** The warning that the intranet has no routes, so that nothing can be reached; null = none. */
const noRoutes = ({ warnings, hops }: IntranetState): WarningView | null =>
  [...warnings, ...hops.flatMap((hop) => hop.missing ?? [])].find((one) => one.code === "no_routes") ?? null;

/** The main page: the state, the main button, and the published resources. */
export const MainPage = ({ view, snapshot }: { view: IntranetView; snapshot: Snapshot }) => {
  const { state } = view;
  const go = useStore((store) => store.go);
  const expected = useStore((store) => store.expected[state.intranetId]);
  const phase = shownPhase(state.phase, expected, Date.now());
  const look = lookOf(state, phase);
  const action = nextAction(state, phase);
  const button = useRef<HTMLButtonElement>(null);
  const cause = phase === state.phase && phase !== "reconnecting" ? state.cause : null;
  const up = state.session !== null && (phase === "connected" || phase === "reconnecting");

  const isWorking = shownState({ ...state, phase }) === "connected";
  const unreachable = phase === "connected" ? noRoutes(state) : null;

  // Moves the focus to the button on a new cause, so that Enter runs its action.
  const causeCode = cause?.cause;
  useEffect(() => {
    if (causeCode) button.current?.focus();
  }, [causeCode]);

  const act = () => {
    if (action.act === "connect") dial(view, "connecting");
    else if (action.act === "disconnect") dial(view, "disconnecting");
    else go(action.act);
  };

  return (
    <div className="page main-page" data-phase={phase} data-tone={look.tone}>
      <header className="page-top">
        <NetworkMenu snapshot={snapshot} view={view} />
        <Button look="icon" aria-label={texts.window.main.settings} onPress={() => go("settings")}>
          <Sliders />
        </Button>
      </header>
      <main className="instrument">
        <section className="state" aria-label={state.displayName}>
          <StateShape tone={look.tone} />
          <h1 aria-live="polite">{look.word}</h1>
          {unreachable ? <Warnings warnings={[unreachable]} onSignIn={() => go("sign_in")} /> : null}
          {isWorking ? <Since since={view.since} /> : null}
          {look.waits ? (
            <Waits key={phase} text={look.waits} cause={phase === "reconnecting" ? state.cause : null} />
          ) : null}
          {up ? <Details state={state} steady={phase === "connected"} /> : null}
          {cause ? <Trouble failure={cause} centred /> : null}
          {cause?.sessions ? <Sessions intranetId={state.intranetId} sessions={cause.sessions} /> : null}
          <Button
            ref={button}
            big
            look={phase === "connected" || action.label === texts.actions.cancel ? "plain" : "primary"}
            onPress={act}
            autoFocus
          >
            {action.label}
          </Button>
          {view.refused && phase === state.phase ? <Trouble failure={view.refused} centred /> : null}
        </section>
        <section className="around">
          <Lockdown lockdown={snapshot.lockdown} up={up} />
          {state.notice ? <Notice state={state} text={state.notice} /> : null}
          {up ? (
            <Warnings
              warnings={state.warnings.filter((one) => one.code !== unreachable?.code && !isInChain(one, state.hops))}
              onSignIn={() => go("sign_in")}
            />
          ) : null}
          {up && state.hops.length > 0 ? <Chain hops={state.hops} steady={phase === "connected"} /> : null}
          {up ? <Traffic points={snapshot.traffic[state.intranetId] ?? []} /> : null}
          {up ? <Resources key={`resources-${state.intranetId}`} view={view} reachable={isWorking} /> : null}
          {up && snapshot.browsers.supported && state.mode === "proxy" ? (
            <Browsers key={`browsers-${state.intranetId}`} intranetId={state.intranetId} setting={snapshot.browsers} />
          ) : null}
          <Protection state={state} up={up} inBrowsers={snapshot.browsers.intranetId === state.intranetId} />
        </section>
      </main>
    </div>
  );
};
