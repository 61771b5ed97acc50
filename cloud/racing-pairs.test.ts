import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Refusal } from "./base/cause.ts";
import { endOwnDevice, endOwnSession } from "./domain/accounts/own.ts";
import { administration } from "./domain/administration.ts";
import type { Change } from "./domain/change.ts";
import { instancesOfCode } from "./domain/signin/credentials.ts";
import { signInOf, signOut } from "./domain/signin/refresh.ts";
import { confirmSecondFactor } from "./domain/signin/second-factor.ts";
import { changePassword, signIn } from "./domain/signin/sign-in.ts";
import { createAccessKey, defaultTenant, deleteAccessKey, setAccessKeyActive } from "./domain/tenants/tenants.ts";
import { verifyPassword } from "./security/passwords.ts";
import { Secret } from "./security/secret.ts";
import { query } from "./store/kysely.ts";
import { deviceOf, most, newPassword, oldPassword, requester, startRacing } from "./testing/racing.ts";

// As in racing.test.ts: what was checked must still be true when it is acted on.

const racing = await startRacing();
const { domain, instance, person, dump, administrator, admin, accountRow } = racing;
const { context, clock } = domain;
afterAll(() => domain.close());
// Reset the failure counters of the previous test.
beforeEach(() => domain.clock.advance(3_600_000));

test("removing a required second factor invalidates a check made with it", async () => {
  const require = (second_factor_required: number) =>
    query(context.store)
      .updateTable("instance")
      .set({ second_factor_required })
      .where("id", "=", instance.id)
      .execute();
  onTestFinished(async () => void (await require(0)));
  for (let n = 1; n <= most; n++) {
    await require(0);
    const p = await person({ factor: true });
    await require(1);
    const paused = await domain.pausedAt(n, () => signIn(context, p.words(oldPassword, p.otp()), deviceOf("thief")));
    if (paused.reached) await admin("account remove-second-factor", { instance: instance.id, user: p.user });
    const after = await dump(p);
    await paused.finish();
    expect(await dump(p), `before access ${n}`).toEqual(after);
    if (!paused.reached) return;
  }
  throw new Error("this call never ends");
}, 60_000);

test("a second factor that is set up applies to sign-ins in progress", async () => {
  for (let n = 1; n <= most; n++) {
    const p = await person();
    await p.enrol();
    const paused = await domain.pausedAt(n, () => signIn(context, p.words(), deviceOf("thief")));
    if (paused.reached) await confirmSecondFactor(context, p.words(oldPassword, p.otp()));
    const after = await dump(p);
    await paused.finish();
    expect(await dump(p), `before access ${n}`).toEqual(after);
    if (!paused.reached) return;
  }
  throw new Error("this call never ends");
}, 60_000);

test("one of two parallel password changes succeeds, and the other is refused", async () => {
  for (let n = 1; n <= most; n++) {
    const p = await person();
    const other = deviceOf("other");
    await signIn(context, p.words(), other);
    const outcomes: string[] = [];
    const change = (deviceId: string, next: Secret) =>
      changePassword(context, p.words(oldPassword, "", deviceId), next).then(
        () => void outcomes.push("done"),
        (error: { code?: string }) => void outcomes.push(error.code ?? String(error)),
      );
    const paused = await domain.pausedAt(n, () => change(p.device.id, newPassword));
    await change(other.id, new Secret("third-horse-1"));
    await paused.finish();
    expect(outcomes.sort(), `before access ${n}`).toEqual(["bad_credentials", "done"]);
    const { password_hash } = await accountRow(p.id);
    const which = (await verifyPassword(newPassword, password_hash)) ? p.device.id : other.id;
    const rows = await query(context.store)
      .selectFrom("sign_in")
      .select("device_id")
      .where("account_id", "=", p.id)
      .where("ended_at", "is", null)
      .execute();
    expect(rows.map((row) => row.device_id)).toEqual([which]);
    if (!paused.reached) return;
  }
}, 60_000);

test("a device that was signed out in the meantime cannot end other devices' sessions", async () => {
  for (const what of ["session", "device"] as const) {
    for (let n = 1; n <= most; n++) {
      const p = await person({ dialled: true });
      const thief = await signIn(context, p.words(), deviceOf("thief"));
      const token = thief.tokens.accessToken.reveal();
      const act = async () => {
        const state = await signInOf(context, token);
        if (what === "session") await endOwnSession(context, state, p.session?.session.sessionId ?? "");
        else await endOwnDevice(context, state, p.device.id);
      };
      const paused = await domain.pausedAt(n, act);
      if (paused.reached) await signOut(context, thief.tokens.refreshToken.reveal());
      const after = await dump(p);
      await paused.finish();
      expect(await dump(p), `${what}, before access ${n}`).toEqual(after);
      if (!paused.reached) break;
    }
  }
}, 60_000);

test("refuses to delete an instance that got an account in the meantime", async () => {
  for (let n = 1; n <= most; n++) {
    const made = await admin<{ id: string }>("instance create", { name: `Empty ${n}`, cidrs: [`10.91.${n}.0/24`] });
    const paused = await domain.pausedAt(n, () => admin("instance delete", { instance: made.id, force: false }));
    const user = `somebody-${n}`;
    const wish = { instance: made.id, user, mail: "a@b.test", password: oldPassword.reveal() };
    const account = await admin("account create", wish).catch(() => undefined);
    await paused.finish();
    const left = await query(context.store)
      .selectFrom("instance")
      .select("id")
      .where("id", "=", made.id)
      .executeTakeFirst();
    if (account) expect(left, `before access ${n}`).toBeDefined();
    if (!paused.reached) return;
  }
}, 60_000);

test("parallel codes are limited like sequential ones", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => instancesOfCode(context, `00${i}`, "198.51.100.1")),
  );
  const codes = outcomes.map((one) => (one.status === "rejected" ? (one.reason as Refusal).code : "found"));
  expect(codes.filter((word) => word === "unknown_code")).toHaveLength(20);
  expect(codes.filter((word) => word === "too_many_attempts")).toHaveLength(80);
});

test("an access key that was disabled or deleted in the meantime changes nothing", async () => {
  const tenant = await defaultTenant(context.store);
  for (const withdraw of [
    (change: Change, id: string) => setAccessKeyActive(change, tenant, id, false),
    (change: Change, id: string) => deleteAccessKey(change, tenant, id),
  ]) {
    for (let n = 1; n <= most; n++) {
      const { key: made } = await administrator().change((change) => createAccessKey(change, tenant, "administrator"));
      const nonce = { accessKeyId: made.id, value: `nonce-${n}`, at: clock.now() };
      const target = `done by ${made.id}`;
      const act = () =>
        administration(context, { ...requester, nonce }).change((change) => change.audit(target, null, {}));
      const paused = await domain.pausedAt(n, act);
      await administrator().change((change) => withdraw(change, made.id));
      await paused.finish();
      const done = await query(context.store).selectFrom("audit").select("id").where("target", "=", target).execute();
      expect(done.length, `before access ${n}`).toBe(paused.reached ? 0 : 1);
      if (!paused.reached) break;
    }
  }
});
