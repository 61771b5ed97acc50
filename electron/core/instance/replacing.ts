import { Failure } from "../causes/failure.ts";
import type { ReplaceIdentity } from "../client/requests.ts";
import type { Address } from "./address.ts";
import { InstanceApi } from "./api.ts";
import type { Trust } from "./connection.ts";

/** An open connection, with the pins that count from now on. */
export interface Opened {
  api: InstanceApi;
  pins: string[];
  /** What was known of the server was replaced, after a question. */
  replaced: boolean;
}

interface Expected {
  address: Address;
  /** From earlier connections; empty = none. */
  known: readonly string[];
  /** From the invitation; empty = it relies on the system's authorities. */
  invited: readonly string[];
}

/**
 * Connects to a server by what is known of it. When its key is another one and the invitation vouches for the new one, by a pin or by relying on
 * an authority that does, a person may say that it replaces the former: servers get new keys, and an administrator then sends a new link.
 * Never without the question, because anybody can write a link.
 */
export async function openReplacing(
  { address, known, invited }: Expected,
  { decide, replace }: { decide: Trust["decide"]; replace: ReplaceIdentity | undefined },
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const pins = [...(known.length > 0 ? known : invited)];
  try {
    return { api: await InstanceApi.open(address, { pins, decide }, { signal }), pins, replaced: false };
  } catch (thrown) {
    const fingerprint = thrown instanceof Failure ? thrown.details.fingerprint : undefined;
    const changed = thrown instanceof Failure && thrown.code === "instance_identity_changed";
    if (!changed || fingerprint === undefined || known.length === 0 || !replace) throw thrown;
    if (invited.length > 0 && !invited.includes(fingerprint)) throw thrown;
    const api = await InstanceApi.open(address, { pins: invited }, { signal }).catch(() => {
      // No authority vouches for it either: what there is to say is that it has changed.
      throw thrown;
    });
    // Nothing has been sent yet.
    const agreed = await replace({ server: api.server, fingerprint: api.identity.fingerprint }).catch(
      (error: unknown) => {
        api.close();
        throw error;
      },
    );
    if (agreed) return { api, pins: [...invited], replaced: true };
    api.close();
    throw thrown;
  }
}
