import type { Kysely } from "kysely";
import { Refusal } from "../../base/cause.ts";
import type { Schema } from "../../store/schema.ts";

/** A sign-in with what its account allows. */
export interface SignInState {
  id: string;
  accountId: string;
  instanceId: string;
  userName: string;
  mail: string;
  displayName: string;
  deviceId: string;
  deviceName: string;
  generation: number;
  tokenHash: string;
  formerHash: string | null;
  /** Epoch ms. */
  rotatedAt: number;
  formerReused: boolean;
  /** Epoch ms. */
  expiresAt: number;
  ended: boolean;
  disabled: boolean;
  mustChange: boolean;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address. */
  clientIp: string | null;
  /** The instance a roaming account came from. */
  roamedFrom: string | null;
  instanceLocked: boolean;
  /** Epoch ms; null = without end. */
  instanceEnd: number | null;
}

export async function loadSignIn(db: Kysely<Schema>, id: string): Promise<SignInState | undefined> {
  const row = await db
    .selectFrom("sign_in")
    .innerJoin("account", "account.id", "sign_in.account_id")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "sign_in.account_id").onRef("device.id", "=", "sign_in.device_id"),
    )
    .select([
      "sign_in.id",
      "sign_in.account_id",
      "sign_in.device_id",
      "sign_in.generation",
      "sign_in.token_hash",
      "sign_in.former_hash",
      "sign_in.rotated_at",
      "sign_in.former_reused",
      "sign_in.expires_at",
      "sign_in.ended_at",
      "account.instance_id",
      "account.user_name",
      "account.mail",
      "account.disabled",
      "account.must_change",
      "account.bandwidth",
      "account.client_ip",
      "account.roamed_from",
      "instance.locked",
      "instance.end_time",
      "instance.name as display_name",
      "device.name as device_name",
    ])
    .where("sign_in.id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    id: row.id,
    accountId: row.account_id,
    instanceId: row.instance_id,
    userName: row.user_name,
    mail: row.mail,
    displayName: row.display_name,
    deviceId: row.device_id,
    deviceName: row.device_name ?? "",
    generation: row.generation,
    tokenHash: row.token_hash,
    formerHash: row.former_hash,
    rotatedAt: row.rotated_at,
    formerReused: row.former_reused === 1,
    expiresAt: row.expires_at,
    ended: row.ended_at !== null,
    disabled: row.disabled === 1,
    mustChange: row.must_change === 1,
    bandwidth: row.bandwidth,
    clientIp: row.client_ip,
    roamedFrom: row.roamed_from,
    instanceLocked: row.locked === 1,
    instanceEnd: row.end_time,
  };
}

/** Refuses what an account or sign-in that is over, disabled or in want of a new password may not do. `now`: epoch ms. */
export function requireUsable(signIn: SignInState, now: number): void {
  requireOpen(signIn.instanceLocked, signIn.instanceEnd, now);
  if (signIn.disabled) throw new Refusal("account_disabled", "This account is disabled.");
  if (signIn.ended || signIn.expiresAt <= now) {
    throw new Refusal("sign_in_expired", "The sign-in of this device is over.");
  }
  if (signIn.mustChange) throw new Refusal("password_change_required", "A new password has to be chosen first.");
}

/** Refuses what nobody may do in an instance that is locked or over. Times are epoch ms. */
export function requireOpen(locked: boolean, end: number | null, now: number): void {
  if (locked) throw new Refusal("instance_locked", "The administrator has locked this intranet.");
  if (end !== null && end <= now) {
    throw new Refusal("instance_expired", "This intranet has reached the end of its term.");
  }
}
