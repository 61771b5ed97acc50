import { Failure } from "../causes/failure.ts";
import type { ReplaceIdentity } from "../client/requests.ts";
import type { Address } from "./address.ts";
import { InstanceApi } from "./api.ts";
import type { Trust } from "./connection.ts";

/** An open connection, with the pins to use from now on. */
export interface Opened {
  api: InstanceApi;
  pins: string[];
  /** The known pins were replaced, with the user's consent. */
  replaced: boolean;
}

interface Expected {
  address: Address;
  /** Pins from earlier connections; empty = none. */
  known: readonly string[];
  /** Pins from the invitation; empty = the system's authorities decide. */
  invited: readonly string[];
}

/**
 * Connects to a server that may already be known. If its key has changed and the invitation confirms the new key, by
 * a pin or because an authority signed it, the user may let it replace the old one: servers get new keys, and an
 * administrator then sends a new link. The user is always asked, because anybody can write a link.
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
      // No authority signed the new key either, so the failure is that the key has changed.
      throw thrown;
    });
    // Ask before sending anything.
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
