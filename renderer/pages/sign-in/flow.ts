import type { Answer, CallResults, FailureView, IdentityQuestion, SecondFactorKey } from "../../../electron/bridge.ts";

/** What a person has been asked last. */
export type Step = "identity" | "credentials" | "otp" | "new_password" | "set_up" | "forgotten" | "reset";

/** From a known invitation to signed in: where it stands. Passwords are not in here. */
export interface Flow {
  step: Step;
  busy: boolean;
  failure: FailureView | null;
  question: IdentityQuestion | null;
  /** The fingerprint that a person confirmed. */
  trust: string | undefined;
  /** A code was asked for; later attempts carry one too. */
  needsOtp: boolean;
  /** Of a second factor that is being set up; null = none. */
  key: SecondFactorKey | null;
  /** There is no keychain: the person may choose a file. */
  mayUseFile: boolean;
}

export const begin: Flow = {
  step: "credentials",
  busy: false,
  failure: null,
  question: null,
  trust: undefined,
  needsOtp: false,
  key: null,
  mayUseFile: false,
};

export type FlowEvent =
  | { kind: "sent" }
  /** There is no keychain: shown before a password is typed. */
  | { kind: "noKeychain" }
  /** Something was changed in the form after a refusal: what was refused does not stand there any more. */
  | { kind: "edited" }
  | { kind: "answered"; answer: Answer<CallResults["signIn"]> }
  | { kind: "passwordChanged"; answer: Answer<null> }
  /** The person has forgotten the password. */
  | { kind: "forgotten" }
  | { kind: "codeAsked"; answer: Answer<null> }
  | { kind: "passwordReset"; answer: Answer<null> }
  | { kind: "back" }
  /** A second factor has to be set up, and here is what the authenticator needs for it. */
  | { kind: "keyMade"; answer: Answer<CallResults["enrolSecondFactor"]> }
  | { kind: "trusted" }
  | { kind: "distrusted" };

export const next = (flow: Flow, event: FlowEvent): Flow => {
  switch (event.kind) {
    case "sent":
      return { ...flow, busy: true, failure: null };
    case "noKeychain":
      return { ...flow, mayUseFile: true };
    case "edited":
      return { ...flow, failure: null };
    case "trusted":
      return { ...flow, step: "credentials", trust: flow.question?.fingerprint, question: null, failure: null };
    case "distrusted":
      return { ...flow, step: "credentials", trust: undefined, question: null };
    case "passwordChanged":
      // The code, if there was one, is used up: the sign-in that follows asks for the next.
      return event.answer.ok
        ? { ...flow, busy: false, step: "credentials", needsOtp: false }
        : refused(flow, event.answer);
    case "forgotten":
      return { ...flow, step: "forgotten", failure: null };
    case "codeAsked":
      return event.answer.ok ? { ...flow, busy: false, step: "reset" } : refused(flow, event.answer);
    case "passwordReset":
      return event.answer.ok ? { ...flow, busy: false, step: "credentials" } : refused(flow, event.answer);
    case "keyMade":
      return event.answer.ok
        ? { ...flow, busy: false, step: "set_up", key: event.answer.value, failure: null }
        : refused(flow, event.answer);
    case "back":
      return { ...flow, step: before(flow.step), failure: null, needsOtp: false, key: null };
    case "answered":
      return event.answer.ok ? { ...flow, busy: false } : refused(flow, event.answer);
  }
};

/** A refusal is often a question: it leads to the step that answers it. */
const refused = (flow: Flow, answer: Extract<Answer<unknown>, { ok: false }>): Flow => {
  const { failure, question } = answer;
  const rest = { ...flow, busy: false, failure: null };
  if (question) return { ...rest, step: "identity", question };
  switch (failure.cause) {
    case "second_factor_required":
      // There is none yet: no code would help. What follows is the key of a new one.
      if (failure.field === "second_factor") return { ...rest, busy: true, needsOtp: false };
      // Asked the first time it is a question; asked again, the code was wrong.
      // Where a new password is chosen, it is asked for in the same form.
      return {
        ...rest,
        step: flow.step === "new_password" || flow.step === "set_up" ? flow.step : "otp",
        needsOtp: true,
        failure: flow.needsOtp || flow.step === "set_up" ? failure : null,
      };
    case "password_change_required":
      return { ...rest, step: "new_password" };
    case "keychain_unavailable":
      return { ...rest, step: "credentials", mayUseFile: true, failure };
    case "bad_credentials":
      return { ...rest, step: flow.step === "otp" || flow.step === "reset" ? flow.step : "credentials", failure };
    default:
      return { ...rest, failure };
  }
};

/** The step that the way back leads to; the first one has none of its own. */
const before = (step: Step): Step => (step === "reset" ? "forgotten" : "credentials");
