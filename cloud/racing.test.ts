import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { dial } from "./domain/sessions/dial.ts";
import { renew } from "./domain/sessions/renew.ts";
import { forgotPassword, resetByCode } from "./domain/signin/forgotten.ts";
import { refresh } from "./domain/signin/refresh.ts";
import { confirmSecondFactor, removeSecondFactor } from "./domain/signin/second-factor.ts";
import { changePassword, signIn } from "./domain/signin/sign-in.ts";
import { Secret } from "./security/secret.ts";
import { query } from "./store/kysely.ts";
import { commander } from "./testing/commands.ts";
import { deviceOf, key, most, newPassword, oldPassword, type Person, startRacing } from "./testing/racing.ts";

// Pauses one call before each of its accesses to the store in turn, while another call runs to its end. Whatever the first call has
// checked must still be true when it acts.

const racing = await startRacing();
const { domain, instance, person, dump, codeOf, admin, liveSessions } = racing;
const { context } = domain;
afterAll(() => domain.close());
// Reset the failure counters of the previous test.
beforeEach(() => domain.clock.advance(3_600_000));

type Act = (p: Person) => Promise<unknown>;

/** What people do with a password, a code, a token or a running session. */
const acts: Record<string, { with?: { factor?: boolean; dialled?: boolean }; prepare?: Act; act: Act }> = {
  "a sign-in": { act: (p) => signIn(context, p.words(), p.device) },
  "a sign-in at a new device": { act: (p) => signIn(context, p.words(oldPassword, "", "0"), deviceOf("new")) },
  "a sign-in with a second factor": {
    with: { factor: true },
    act: (p) => signIn(context, p.words(oldPassword, p.otp()), p.device),
  },
  "a changed password": { act: (p) => changePassword(context, p.words(), new Secret("third-horse-1")) },
  "an enrolled second factor": { act: (p) => p.enrol() },
  "a confirmed second factor": {
    prepare: (p) => p.enrol(),
    act: (p) => confirmSecondFactor(context, p.words(oldPassword, p.otp())),
  },
  "a removed second factor": {
    with: { factor: true },
    act: (p) => removeSecondFactor(context, p.words(oldPassword, p.otp())),
  },
  "a password by a code": {
    prepare: (p) => forgotPassword(context, p.words()),
    act: (p) => resetByCode(context, p.words(), new Secret(codeOf(p.user)), new Secret("third-horse-1")),
  },
  "a refreshed sign-in": { act: (p) => refresh(context, p.tokens.refreshToken.reveal(), p.device.id) },
  "a dialled session": { act: (p) => p.dialNow() },
  "a renewed session": {
    with: { dialled: true },
    act: (p) => renew(context, p.session?.token.reveal() ?? "", key()),
  },
};
const api = commander(context, { operator: false, onHost: false });
/** An account in the input of both APIs. */
const of = (p: Person) => ({ instance: instance.id, user: p.user });
const published = (p: Person) => ({ instance: { id: instance.id, region: "cn-shanghai" }, user: p.user });

/** Afterwards nothing may continue that relied on the old password, a token or a session. */
const revocations: Record<string, Act> = {
  "sagctl's reset": (p) =>
    admin("account reset-password", { ...of(p), password: newPassword.reveal(), mustChange: false }),
  "the API's reset": (p) => api("account reset-password", { ...published(p), password: newPassword.reveal() }),
  "a change at another device": (p) => changePassword(context, p.words(oldPassword, "", "1"), newPassword),
  "sagctl's disabling": (p) => admin("account disable", of(p)),
  "the API's disabling": (p) => api("account disable", published(p)),
  deletion: (p) => admin("account delete", of(p)),
  "a lock of the instance": () =>
    query(context.store).updateTable("instance").set({ locked: 1 }).where("id", "=", instance.id).execute(),
};

/** The long run combines every act with every revocation; the short one uses each at least once. */
const long = process.env.SAG_RACES === "long";
const always = ["sagctl's reset", "sagctl's disabling"];
const everywhere = ["a sign-in", "a dialled session"];

for (const [name, { with: wish, prepare, act }] of Object.entries(acts)) {
  test(`${name} changes nothing once it was overtaken`, async () => {
    for (const [by, revoke] of Object.entries(revocations)) {
      // With a second factor the change itself needs a code; other combinations cover that.
      if (wish?.factor && by === "a change at another device") continue;
      if (!long && !always.includes(by) && !everywhere.includes(name)) continue;
      for (let n = 1; ; n++) {
        if (n > most) throw new Error("this call never ends");
        const p = await person(wish);
        await prepare?.(p);
        const paused = await domain.pausedAt(n, () => act(p));
        // If the other change was first, this one is refused and there is no race.
        if (paused.reached) await revoke(p).catch((error) => expect(error.code).toBe("bad_credentials"));
        const after = await dump(p);
        await paused.finish();
        expect(await dump(p), `${name}, overtaken by ${by} before access ${n}`).toEqual(after);
        await query(context.store).updateTable("instance").set({ locked: 0 }).where("id", "=", instance.id).execute();
        if (!paused.reached) break;
      }
    }
  }, 120_000);
}

/** Changes of a required second factor, with or without a code given at sign-in. */
const factorChanges: Record<string, { given: boolean; required: 0 | 1; change: Act }> = {
  "a confirmed second factor": {
    given: false,
    required: 0,
    change: (p) => confirmSecondFactor(context, p.words(oldPassword, p.otp())),
  },
  "the removal of the required one": {
    given: true,
    required: 1,
    change: (p) => admin("account remove-second-factor", of(p)),
  },
};

for (const [name, { given, required, change }] of Object.entries(factorChanges)) {
  test(`a sign-in changes nothing once it was overtaken by ${name}`, async () => {
    const require = (value: 0 | 1) =>
      query(context.store)
        .updateTable("instance")
        .set({ second_factor_required: value })
        .where("id", "=", instance.id)
        .execute();
    onTestFinished(() => void require(0));
    for (let n = 1; ; n++) {
      if (n > most) throw new Error("this call never ends");
      await require(0);
      const p = await person({ factor: given });
      if (!given) await p.enrol();
      await require(required);
      const paused = await domain.pausedAt(n, () =>
        signIn(context, p.words(oldPassword, given ? p.otp() : ""), p.device),
      );
      if (paused.reached) await change(p);
      const after = await dump(p);
      await paused.finish();
      expect(await dump(p), `before access ${n}`).toEqual(after);
      if (!paused.reached) break;
    }
  }, 120_000);
}

test("sessions that start while an account is being revoked are ended as well", async () => {
  const { "a lock of the instance": _, ...shutting } = revocations;
  const kicked: Act = (p) => admin("account kick", { ...of(p), reason: "out" });
  for (const [by, revoke] of Object.entries({ ...shutting, "a kick": kicked })) {
    for (let n = 1; ; n++) {
      if (n > most) throw new Error("this call never ends");
      const p = await person({ dialled: true });
      let kicks = false;
      const paused = await domain.pausedAt(n, () => revoke(p));
      // Sessions after the commit of the kick may stay.
      if (paused.reached) {
        kicks = by === "a kick" && (await liveSessions(p)) === 0;
        const again = await signIn(context, p.words(), deviceOf("other")).catch(() => undefined);
        if (again) {
          const question = { publicKey: key(), mode: "proxy", accessPoint: "" };
          await dial(context, again.signIn, question).catch(() => {});
        }
      }
      await paused.finish();
      if (!kicks) expect(await liveSessions(p), `${by}, met before access ${n}`).toBe(0);
      if (!paused.reached) break;
    }
  }
}, 120_000);
