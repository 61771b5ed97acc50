import type { Session } from "../../store/shapes.ts";
import type { AccessPointState } from "../accesspoints/registry.ts";
import type { Context } from "../context.ts";
import { probeAddress } from "./addresses.ts";
import { type Profile, profileRevision } from "./profile.ts";

/** Inner MTU, bytes; small enough for every path. */
export const tunnelMtu = 1280;
/** Clients warn this long before the sign-in ends, ms. */
export const expiresSoonMs = 3 * 86_400_000;

/** An access point as it is offered to one session. */
export interface OfferedAccessPoint {
  state: AccessPointState;
  probeAddress: string;
  presharedKey: Uint8Array;
  ready: boolean;
}

/** A session as it is sent to its owner. Durations are ms from now. */
export interface SessionDescription {
  sessionId: string;
  addresses: string[];
  accessPoints: OfferedAccessPoint[];
  profile: Profile;
  mtu: number;
  leaseMs: number;
  renewAfterMs: number;
  signInMs: number;
  incarnation: number;
  profileRevision: string;
  deviceName: string;
  expiresSoon: boolean;
  /** Bandwidth cap of the account in each direction, Kbit/s; 0 = none. */
  bandwidth: number;
}

/**
 * Orders access points: the one that the client chose, then ready ones, then the one that the administrator prefers, then by
 * registration. Access points without a stream to the cloud come last, even a chosen one, because they cannot receive the peer.
 */
export function order(
  chosen: string,
  offered: OfferedAccessPoint[],
  preferred: number | null = null,
): OfferedAccessPoint[] {
  const rank = ({ state, ready }: OfferedAccessPoint) =>
    (state.online ? 0 : 16) + (state.id === chosen ? 0 : 8) + (ready ? 0 : 4) + (state.number === preferred ? 0 : 2);
  return [...offered].sort((a, b) => rank(a) - rank(b) || a.state.number - b.state.number);
}

export function describe(
  context: Context,
  row: Session,
  profile: Profile,
  signIn: { expiresAt: number; deviceName: string; bandwidth: number },
): SessionDescription {
  const { clock, accessPoints, peers, ula } = context;
  const now = clock.now();
  const keys = peers.get(row.id)?.keys ?? new Map<string, Uint8Array>();
  const keyedAt = peers.keyedAt(row.id);
  const offered = accessPoints.offered(row.ccnId).flatMap((state): OfferedAccessPoint[] => {
    const presharedKey = keys.get(state.id);
    if (!presharedKey) return [];
    const ready = state.online && state.acknowledged >= keyedAt;
    return [{ state, probeAddress: probeAddress(ula, state.number), presharedKey, ready }];
  });
  const leaseMs = Math.max(1_000, row.leaseUntil - now);
  const signInMs = Math.max(0, signIn.expiresAt - now);
  return {
    sessionId: row.id,
    addresses: [`${row.clientIp}/32`, `${row.clientIp6}/128`],
    accessPoints: order(row.chosenAccessPoint, offered, profile.preferred).slice(0, 32),
    profile,
    mtu: tunnelMtu,
    leaseMs,
    renewAfterMs: leaseMs / 2,
    signInMs,
    incarnation: row.incarnation,
    profileRevision: profileRevision(context, profile, signIn.bandwidth),
    deviceName: signIn.deviceName,
    expiresSoon: signInMs <= expiresSoonMs,
    bandwidth: signIn.bandwidth,
  };
}
