import { causeTable } from "../../../common/causes/table.ts";
import { Failure } from "../causes/failure.ts";
import type { Client } from "../client/client.ts";
import type { FailureView, IntranetState } from "../client/model.ts";

/** The current result of keeping an unattended computer connected. */
export interface Outcome {
  phase: "connected" | "waiting" | "stopped";
  intranet: string | null;
  /** Why it is not connected. */
  cause: FailureView | null;
}

/** Pauses between attempts, ms: the first, and the longest. */
const firstPause = 1_000;
const longestPause = 60_000;

export interface Surroundings {
  /** Called on every change, for the log and for `sag service status`. */
  note(outcome: Outcome): void;
  /** Rejects when the signal is aborted. */
  delay(ms: number): Promise<void>;
  signal: AbortSignal;
  /** Connects; default: the one enrolled intranet, in system mode. */
  connect?: () => Promise<IntranetState>;
}

/** Keeps an intranet connected until a person is needed; returns the reason. null: the signal was aborted. */
export async function stayConnected(
  client: Client,
  { note, delay, signal, connect = () => client.connect(undefined, { mode: "system", signal }) }: Surroundings,
): Promise<FailureView | null> {
  let pause = firstPause;
  while (!signal.aborted) {
    const { intranet, failure } = await attempt(client, connect, signal, (state) => {
      pause = firstPause;
      note({ phase: "connected", intranet: state.intranet, cause: null });
    });
    if (failure === null || signal.aborted) break;
    if (!causeTable[failure.cause].passes) {
      note({ phase: "stopped", intranet, cause: failure });
      return failure;
    }
    note({ phase: "waiting", intranet, cause: failure });
    await delay(Math.max(pause, failure.retryAfterMs ?? 0)).catch(() => {});
    pause = Math.min(2 * pause, longestPause);
  }
  note({ phase: "stopped", intranet: null, cause: null });
  return null;
}

/** Connects, and resolves when the connection has ended. failure = null: it was disconnected on request. */
async function attempt(
  client: Client,
  connect: () => Promise<IntranetState>,
  signal: AbortSignal,
  onUp: (state: IntranetState) => void,
): Promise<{ intranet: string | null; failure: FailureView | null }> {
  try {
    const up = await connect();
    onUp(up);
    const last = await ended(client, up.intranetId, signal);
    return { intranet: up.intranet, failure: last?.phase === "disconnected" ? null : (last?.cause ?? null) };
  } catch (thrown) {
    if (thrown instanceof Failure) return { intranet: null, failure: thrown.view };
    if (signal.aborted) return { intranet: null, failure: null };
    throw thrown;
  }
}

const over = new Set(["failed", "disconnected", "signed_out"]);

function ended(client: Client, intranetId: string, signal: AbortSignal): Promise<IntranetState | null> {
  return new Promise((resolve) => {
    const finish = (state: IntranetState | null): void => {
      signal.removeEventListener("abort", abort);
      watching.close();
      resolve(state);
    };
    const abort = (): void => finish(null);
    const watching = client.watch((event) => {
      const states = event.kind === "snapshot" ? event.states : event.kind === "changed" ? [event.state] : [];
      const found = states.find((one) => one.intranetId === intranetId && over.has(one.phase));
      // Deferred, because the snapshot arrives before watch has returned.
      if (found) queueMicrotask(() => finish(found));
    });
    signal.addEventListener("abort", abort);
  });
}
