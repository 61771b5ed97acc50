import { foreign, type Message } from "../../base/say.ts";
import * as sessions from "../../store/queries/sessions.ts";
import type { Context } from "../context.ts";
import { reasonWords } from "./reasons.ts";

/** A session as administrators see it. */
export interface SessionView {
  id: string;
  instanceId: string;
  userName: string;
  deviceName: string;
  clientIp: string;
  mode: string;
  /** The access point that currently carries the client, according to its probes; "" = not known yet. */
  accessPointId: string;
  sinceSeconds: number;
  leaseLeftSeconds: number;
  rxBytes: number;
  txBytes: number;
  /** null while the session is running. `reason` is in English, for scripts; "" if there is none. */
  ended: { agoSeconds: number; cause: string; reason: string; reasonWords: Message } | null;
}

/** Maximum number of ended sessions to list; the latest ones. */
const maxEnded = 1_000;

export async function listSessions(
  context: Context,
  instanceId: string | undefined,
  which: "running" | "ended" | "all" = "running",
): Promise<SessionView[]> {
  if (which === "all") {
    const running = await listSessions(context, instanceId, "running");
    return [...running, ...(await listSessions(context, instanceId, "ended"))];
  }
  const { store, clock, presence } = context;
  const rows = await sessions.listSessions(store, { instanceId, running: which === "running", limit: maxEnded });
  const at = await presence.accessPointsOf(rows.map((row) => row.id));
  const now = clock.now();
  return rows.map((row) => {
    const reason = reasonWords(row.endedReason, row.endedText ?? "") ?? foreign(row.endedText ?? "");
    return {
      id: row.id,
      instanceId: row.instanceId,
      userName: row.userName ?? "",
      deviceName: row.deviceName,
      clientIp: row.clientIp,
      mode: row.mode,
      accessPointId: at.get(row.id) ?? "",
      sinceSeconds: Math.round((now - row.startedAt) / 1_000),
      leaseLeftSeconds: row.endedAt === null ? Math.round((row.leaseUntil - now) / 1_000) : 0,
      rxBytes: Number(row.rx ?? 0),
      txBytes: Number(row.tx ?? 0),
      ended:
        row.endedAt === null
          ? null
          : {
              agoSeconds: Math.max(0, Math.round((now - row.endedAt) / 1_000)),
              cause: row.endedCause ?? "",
              reason: reason.text,
              reasonWords: reason,
            },
    };
  });
}
