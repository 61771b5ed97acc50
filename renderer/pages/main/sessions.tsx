import { useRef, useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { FailureView } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Confirm } from "../../components/confirm.tsx";
import { Trouble } from "../../components/trouble.tsx";

interface Props {
  intranetId: string;
  sessions: NonNullable<FailureView["sessions"]>;
}

/** The sessions in use. Ending one makes room for a new one, which is then connected. */
export const Sessions = ({ intranetId, sessions }: Props) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  const [busy, setBusy] = useState(false);
  // A ref, because a second click may come before the next render.
  const sent = useRef(false);
  const end = async (sessionId: string) => {
    if (sent.current) return;
    sent.current = true;
    setBusy(true);
    const answer = await bridge.call("endSession", { intranetId, sessionId });
    sent.current = false;
    setBusy(false);
    setFailure(answer.ok ? null : answer.failure);
  };
  return (
    <>
      <ul className="sessions" aria-label={texts.window.main.sessions}>
        {sessions.map((session) => (
          <li key={session.id}>
            <span className="session">
              <span className="foreign one-line">{session.deviceName}</span>
              <span className="quiet number small">
                {texts.window.main.sessionAge(session.clientIp, session.ageMs)}
              </span>
            </span>
            <Confirm
              look="quiet"
              label={texts.window.main.end}
              spoken={texts.window.main.endSession(session.deviceName)}
              title={texts.window.main.endQuestion(session.deviceName)}
              text={texts.window.main.endText(session.ageMs)}
              yes={texts.window.main.end}
              isDisabled={busy}
              onYes={() => void end(session.id)}
            />
          </li>
        ))}
      </ul>
      {failure ? <Trouble failure={failure} centred /> : null}
    </>
  );
};
