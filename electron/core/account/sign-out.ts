import { setTimeout as sleep } from "node:timers/promises";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import type { Secret } from "../credentials/secret.ts";
import { openStore } from "../credentials/store.ts";
import type { Environment } from "../host/environment.ts";
import { parseAddress } from "../instance/address.ts";
import { InstanceApi } from "../instance/api.ts";
import type { IntranetRecord } from "../settings/schema.ts";

/**
 * Time limit for revoking the sign-in at the cloud instance, ms; a failure there does not stop the local sign-out.
 */
const revokeTimeout = 3_000;

/** Revokes the sign-in at the cloud instance, if it answers, and deletes the local tokens in any case. */
export async function endSignIn(
  environment: Environment,
  record: IntranetRecord,
  onNotice: (text: string) => void,
): Promise<void> {
  const store = await openStore(environment, record.store);
  const tokens = await store.read(record.id);
  if (tokens) {
    const silence = new Failure("instance_unreachable", { subject: record.server });
    const revoked = revoke(record, tokens.refreshToken).then(
      () => null,
      (thrown) => (thrown instanceof Failure ? thrown : silence),
    );
    const failure = await Promise.race([revoked, sleep(revokeTimeout, silence, { ref: false })]);
    if (failure) onNotice(texts.core.account.notRevoked(failure.view.message));
  }
  await store.remove(record.id);
}

async function revoke(record: IntranetRecord, refreshToken: Secret): Promise<void> {
  const signal = AbortSignal.timeout(revokeTimeout);
  const api = await InstanceApi.open(parseAddress(record.server), { pins: record.pins }, { signal });
  try {
    await api.signOut({ refreshToken: refreshToken.reveal() }, { signal });
  } finally {
    api.close();
  }
}
