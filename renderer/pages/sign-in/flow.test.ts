import { expect, test } from "vitest";
import type { CauseCode } from "../../../electron/bridge.ts";
import { failureView } from "../../../electron/core/causes/failure.ts";
import { begin, type Flow, next } from "./flow.ts";

const refused = (flow: Flow, cause: CauseCode): Flow =>
  next(next(flow, { kind: "sent" }), { kind: "answered", answer: { ok: false, failure: failureView(cause) } });
const question = { server: "sag.example.com", fingerprint: "ab".repeat(32) };

test("submitting clears the previous failure", () => {
  expect(next(refused(begin, "bad_credentials"), { kind: "sent" })).toMatchObject({ busy: true, failure: null });
});

test.each<[CauseCode, Partial<Flow>]>([
  ["bad_credentials", { step: "credentials" }],
  ["second_factor_required", { step: "otp", needsOtp: true, failure: null }],
  ["password_change_required", { step: "new_password", failure: null }],
  ["keychain_unavailable", { step: "credentials", mayUseFile: true }],
  ["instance_unreachable", { step: "credentials" }],
])("%s leads to the next step", (cause, expected) =>
  expect(refused(begin, cause)).toMatchObject({ busy: false, ...expected }),
);

test("a second request for a code means that the first one was wrong", () => {
  const again = refused(refused(begin, "second_factor_required"), "second_factor_required");
  expect(again).toMatchObject({ step: "otp", failure: { cause: "second_factor_required" } });
});

test("an unknown server key is a question; yes trusts only that fingerprint", () => {
  const answer = { ok: false as const, failure: failureView("instance_identity_unknown"), question };
  const asked = next(begin, { kind: "answered", answer });
  expect(asked).toMatchObject({ step: "identity", question, trust: undefined });
  expect(next(asked, { kind: "trusted" })).toMatchObject({ step: "credentials", trust: question.fingerprint });
  expect(next(asked, { kind: "distrusted" })).toMatchObject({ step: "credentials", trust: undefined });
});

const key = (secret: string) => ({ secret, uri: `otpauth://totp/x?secret=${secret}` });

test("a required second factor that is missing is set up; a wrong code stays on that page; a new key starts over", () => {
  const none = failureView("second_factor_required", { field: "second_factor" });
  const missing = next(begin, { kind: "answered", answer: { ok: false, failure: none } });
  expect(missing).toMatchObject({ busy: true, failure: null });
  const shown = next(missing, { kind: "keyMade", answer: { ok: true, value: key("JBSW") } });
  expect(shown).toMatchObject({ step: "set_up", busy: false, key: key("JBSW") });
  const wrong = refused(shown, "second_factor_required");
  expect(wrong).toMatchObject({ step: "set_up", key: key("JBSW"), failure: { cause: "second_factor_required" } });
  // The key has expired before a code was entered.
  const late = next(wrong, { kind: "answered", answer: { ok: false, failure: none } });
  expect(next(late, { kind: "keyMade", answer: { ok: true, value: key("NEWK") } })).toMatchObject({
    step: "set_up",
    key: key("NEWK"),
    failure: null,
  });
  expect(next(wrong, { kind: "back" })).toMatchObject({ step: "credentials", key: null, failure: null });
});

test("the page for a new password asks for the code as well; the next sign-in asks for a new one", () => {
  const choosing = refused(begin, "password_change_required");
  const answer = { ok: false as const, failure: failureView("second_factor_required") };
  const asked = next(choosing, { kind: "passwordChanged", answer });
  expect(asked).toMatchObject({ step: "new_password", needsOtp: true, failure: null });
  const changed = next(asked, { kind: "passwordChanged", answer: { ok: true, value: null } });
  expect(refused(changed, "second_factor_required")).toMatchObject({ step: "otp", failure: null });
});

const ok = { ok: true as const, value: null };

test("a forgotten password: user name, mailed code, sign-in", () => {
  const whose = next(begin, { kind: "forgotten" });
  expect(whose).toMatchObject({ step: "forgotten", failure: null });
  const asked = next(next(whose, { kind: "sent" }), { kind: "codeAsked", answer: ok });
  expect(asked).toMatchObject({ step: "reset", busy: false });
  expect(next(asked, { kind: "passwordReset", answer: ok })).toMatchObject({ step: "credentials", busy: false });
});

test.each<[CauseCode]>([["bad_credentials"], ["too_many_attempts"], ["instance_unreachable"], ["invalid_argument"]])(
  "%s stays where the code is typed",
  (cause) => {
    const reset = next(next(begin, { kind: "forgotten" }), { kind: "codeAsked", answer: ok });
    const failure = failureView(cause);
    const after = next(reset, { kind: "passwordReset", answer: { ok: false, failure } });
    expect(after).toMatchObject({ step: "reset", busy: false, failure: { cause } });
  },
);

test("back leads from the mailed code to the user name, and otherwise to the password, without a failure", () => {
  const whose = next(begin, { kind: "forgotten" });
  const reset = next(whose, { kind: "codeAsked", answer: ok });
  const back = (flow: Flow) => next(flow, { kind: "back" });
  expect(back(reset).step).toBe("forgotten");
  expect(back(whose).step).toBe("credentials");
  const wrong = refused(refused(begin, "second_factor_required"), "second_factor_required");
  expect(back(wrong)).toMatchObject({ step: "credentials", failure: null, needsOtp: false });
});

test("a failure while choosing a new password stays on that page", () => {
  const choosing = refused(begin, "password_change_required");
  const answer = { ok: false as const, failure: failureView("invalid_argument", { text: "Too short." }) };
  expect(next(choosing, { kind: "passwordChanged", answer })).toMatchObject({ step: "new_password", busy: false });
});
