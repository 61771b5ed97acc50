import { afterAll, expect, test } from "vitest";
import { registerAccessPoint } from "./domain/accesspoints/register.ts";
import { findAccount } from "./domain/accounts/accounts.ts";
import { administration } from "./domain/administration.ts";
import { answerOnce } from "./domain/idempotency.ts";
import { dial } from "./domain/sessions/dial.ts";
import { authenticate } from "./domain/signin/credentials.ts";
import { refresh, signInOf } from "./domain/signin/refresh.ts";
import { requireSecondFactor } from "./domain/signin/second-factor.ts";
import { query } from "./store/kysely.ts";
import { insertNonce } from "./store/queries/nonces.ts";
import { transaction } from "./store/transaction.ts";
import { deviceOf, key, requester, startRacing } from "./testing/racing.ts";

/** Limits ("at most one", "exactly one") with 50 parallel calls. Administrators' commands are in admin/entries-at-once.test.ts. */
const racing = await startRacing();
const { admin, instance } = racing;
const { context } = racing.domain;
const { store } = context;
afterAll(() => racing.domain.close());

/** Runs `call` 50 times in parallel; returns how many succeeded. */
async function succeeded(call: (n: number) => Promise<unknown>): Promise<number> {
  const all = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => call(n)));
  return all.filter(({ status }) => status === "fulfilled").length;
}

const running = async (accountId: string) =>
  (
    await query(store)
      .selectFrom("session")
      .select("id")
      .where("account_id", "=", accountId)
      .where("ended_at", "is", null)
      .execute()
  ).length;

test("an account limited to one device gets one session when many devices dial", async () => {
  await admin("policy set", { instance: instance.id, change: { devicesPerAccount: 1 } });
  const person = await racing.person();
  const state = await signInOf(context, person.tokens.accessToken.reveal());
  const others = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const device = deviceOf("other");
      const id = device.id;
      await transaction(store, async (tx) => {
        const row = { account_id: person.id, id, name: "", platform: "", first_seen_at: 0, last_seen_at: 0 };
        await query(tx).insertInto("device").values(row).execute();
        await query(tx)
          .insertInto("sign_in")
          .values({
            id,
            account_id: person.id,
            device_id: id,
            generation: 1,
            token_hash: id,
            former_hash: null,
            rotated_at: 0,
            former_reused: 0,
            created_at: 0,
            expires_at: Number.MAX_SAFE_INTEGER,
            ended_at: null,
          })
          .execute();
      });
      return { ...state, id, deviceId: id };
    }),
  );
  const question = () => ({ publicKey: key(), mode: "proxy", accessPoint: "" });
  expect(await succeeded((n) => dial(context, others[n] ?? state, question()))).toBe(1);
  expect(await running(person.id)).toBe(1);
});

test("a public key is accepted for one session only", async () => {
  await admin("policy set", { instance: instance.id, change: { devicesPerAccount: 3 } });
  const people = await Promise.all(Array.from({ length: 8 }, () => racing.person()));
  const publicKey = key();
  const dialled = await Promise.allSettled(
    people.map(async ({ tokens }) =>
      dial(context, await signInOf(context, tokens.accessToken.reveal()), {
        publicKey,
        mode: "proxy",
        accessPoint: "",
      }),
    ),
  );
  expect(dialled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a registration token with one use registers one access point", async () => {
  const { token } = await admin<{ token: string }>("access-point token create", { uses: 1, lifetimeSeconds: 60 });
  const can = { accessLists: true, sharedAccessLists: true, accessListNames: true };
  const described = { name: "one", endpoints: [], mode: "userspace", region: "", bootId: "", ...can };
  const before = context.accessPoints.list().length;
  expect(await succeeded(() => registerAccessPoint(context, token, { ...described, publicKey: key() }))).toBe(1);
  expect(context.accessPoints.list()).toHaveLength(before + 1);
});

test("a nonce is accepted once, and requests with one ClientToken run once", async () => {
  const nonce = { accessKeyId: "SAGK1", value: "same", at: 0 };
  const spent = await Promise.all(Array.from({ length: 50 }, () => transaction(store, (tx) => insertNonce(tx, nonce))));
  expect(spent.filter(Boolean)).toHaveLength(1);
  const by = administration(context, { ...requester, actor: "sagctl" });
  const asked = { tenantId: "tnt-1", action: "CreateThing", token: "same", parameters: {} };
  let runs = 0;
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      answerOnce(by, asked, async (change) => ({ run: await change(async () => ++runs) })),
    ),
  );
  expect([runs, new Set(answers.map(({ run }) => run)).size]).toEqual([1, 1]);
});

test("a refresh token is rotated once: the second call gets the same successor, the third signs the device out", async () => {
  const person = await racing.person();
  const token = person.tokens.refreshToken.reveal();
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => refresh(context, token, person.device.id)));
  const successors = all.flatMap((one) => (one.status === "fulfilled" ? [one.value.tokens.refreshToken.reveal()] : []));
  expect([successors.length, new Set(successors).size]).toEqual([2, 1]);
});

test("a TOTP code is accepted once", async () => {
  const person = await racing.person({ factor: true });
  const account = await authenticate(context, person.words());
  expect((await findAccount(store, instance.id, person.user)).id).toBe(account.id);
  const otp = person.otp();
  // Disable the limit on attempts, to test only the use of the code.
  context.attempts.secondFactor.reserve = async () => 0;
  expect(await succeeded(() => requireSecondFactor(context, account, otp))).toBe(1);
});
