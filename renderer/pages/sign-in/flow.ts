import type { Answer, CallResults, FailureView, IdentityQuestion, SecondFactorKey } from "../../../electron/bridge.ts";

/** The step that the page shows. */
export type Step = "identity" | "credentials" | "otp" | "new_password" | "set_up" | "forgotten" | "reset";

/** The state of the sign-in flow. It contains no passwords. */
export interface Flow {
  step: Step;
  busy: boolean;
  failure: FailureView | null;
  question: IdentityQuestion | null;
  /** The fingerprint that the user confirmed. */
  trust: string | undefined;
  /** A code is required, so further attempts include one. */
  needsOtp: boolean;
  /** The second factor that is being set up; null = none. */
  key: SecondFactorKey | null;
  /** There is no keychain, so storing the sign-in in a file is offered. */
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
  /** There is no keychain; shown before a password is typed. */
  | { kind: "noKeychain" }
  /** The form was edited after a failure, which no longer applies. */
  | { kind: "edited" }
  | { kind: "answered"; answer: Answer<CallResults["signIn"]> }
  | { kind: "passwordChanged"; answer: Answer<null> }
  /** The user chose "Forgot password". */
  | { kind: "forgotten" }
  | { kind: "codeAsked"; answer: Answer<null> }
  | { kind: "passwordReset"; answer: Answer<null> }
  | { kind: "back" }
  /** A second factor is required, and its key has been created. */
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
      // A code is valid only once, so the next sign-in asks for a new one.
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

/** Many failures lead to a step that asks for what is missing. */
const refused = (flow: Flow, answer: Extract<Answer<unknown>, { ok: false }>): Flow => {
  const { failure, question } = answer;
  const rest = { ...flow, busy: false, failure: null };
  if (question) return { ...rest, step: "identity", question };
  switch (failure.cause) {
    case "second_factor_required":
      // No second factor is set up, so the next step creates its key.
      if (failure.field === "second_factor") return { ...rest, busy: true, needsOtp: false };
      // The first failure means that a code is needed; a second one means that it was wrong. The page for a new
      // password asks for the code itself.
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

/** The previous step, for the back button. */
const before = (step: Step): Step => (step === "reset" ? "forgotten" : "credentials");
