import { setTimeout as sleep } from "node:timers/promises";
import type { Secret } from "./credentials/secret.ts";
import { openStore } from "./credentials/store.ts";
import type { Environment } from "./environment.ts";
import { parseAddress } from "./instance/address.ts";
import { InstanceApi } from "./instance/api.ts";
import type { IntranetRecord } from "./settings/schema.ts";

/** How long a goodbye to the cloud instance may take, ms: signing out here does not depend on it. */
const goodbyeTimeout = 3_000;

/** Ends the sign-in at the cloud instance if it answers, and here in any case. */
export async function endSignIn(
  environment: Environment,
  record: IntranetRecord,
  onNotice: (text: string) => void,
): Promise<void> {
  const store = await openStore(environment, record.store);
  const tokens = await store.read(record.id);
  if (tokens) {
    const told = tellGoodbye(record, tokens.refreshToken).then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([told, sleep(goodbyeTimeout, false, { ref: false })]))) {
      onNotice(`${record.server} did not answer. The sign-in is gone from this machine; there it ends by itself.`);
    }
  }
  await store.remove(record.id);
}

async function tellGoodbye(record: IntranetRecord, refreshToken: Secret): Promise<void> {
  const signal = AbortSignal.timeout(goodbyeTimeout);
  const api = await InstanceApi.open(parseAddress(record.server), { pins: record.pins }, { signal });
  try {
    await api.signOut({ refreshToken: refreshToken.reveal() }, { signal });
  } finally {
    api.close();
  }
}
