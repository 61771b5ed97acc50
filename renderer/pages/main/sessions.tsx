import { useState } from "react";
import type { FailureView } from "../../../electron/core/model.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import { Trouble } from "../../components/trouble.tsx";
import { words } from "../../i18n/en.ts";

interface Props {
  intranetId: string;
  sessions: NonNullable<FailureView["sessions"]>;
}

/** The sessions that are in use: ending one makes room, and connects. */
export const Sessions = ({ intranetId, sessions }: Props) => {
  const [failure, setFailure] = useState<FailureView | null>(null);
  const end = async (sessionId: string) => {
    const answer = await bridge.call("endSession", { intranetId, sessionId });
    setFailure(answer.ok ? null : answer.failure);
  };
  return (
    <>
      <ul className="sessions" aria-label={words.sessions}>
        {sessions.map((session) => (
          <li key={session.id}>
            <span className="foreign one-line">{session.deviceName}</span>
            <span className="quiet number">{session.clientIp}</span>
            <Button look="quiet" aria-label={words.endSession(session.deviceName)} onPress={() => end(session.id)}>
              {words.end}
            </Button>
          </li>
        ))}
      </ul>
      {failure ? <Trouble failure={failure} centred /> : null}
    </>
  );
};
