import { texts } from "../../common/text/index.ts";
import type { CauseCode, IntranetState, PhaseWord } from "../../electron/bridge.ts";

/** The action of the main button. */
export type Act = "connect" | "disconnect" | "sign_in" | "add";

export interface NextAction {
  act: Act;
  label: string;
}

const again: NextAction = { act: "connect", label: texts.actions.connectAgain };
const retry: NextAction = { act: "connect", label: texts.actions.tryAgain };
const signIn: NextAction = { act: "sign_in", label: texts.actions.signInAgain };
const otherLink: NextAction = { act: "add", label: texts.actions.useAnotherLink };
const newPassword: NextAction = { act: "sign_in", label: texts.actions.choosePassword };

/** Cause → the action that fixes it. The type makes a missing one a compile error. */
export const causeActions: Record<CauseCode, NextAction> = {
  unknown: retry,
  invalid_argument: retry,
  bad_credentials: signIn,
  unknown_code: otherLink,
  too_many_attempts: signIn,
  account_disabled: retry,
  kicked: again,
  replaced: again,
  session_limit: retry,
  address_in_use: retry,
  sign_in_expired: signIn,
  session_expired: again,
  password_change_required: newPassword,
  second_factor_required: signIn,
  instance_unreachable: retry,
  instance_identity_changed: otherLink,
  instance_identity_unknown: otherLink,
  instance_locked: retry,
  instance_expired: retry,
  answer_invalid: retry,
  answer_too_large: retry,
  protocol_too_old: retry,
  client_too_old: retry,
  identity_provider_unavailable: retry,
  captive_portal: retry,
  no_network: retry,
  access_point_unreachable: retry,
  no_access_point: retry,
  address_pool_exhausted: retry,
  dns_unavailable: retry,
  tunnel_binary_missing: retry,
  tunnel_crashed: again,
  service_not_running: retry,
  not_permitted: retry,
  vpn_conflict: retry,
  port_in_use: retry,
  storage_full: retry,
  storage_readonly: retry,
  storage_damaged: retry,
  keychain_unavailable: signIn,
  keychain_locked: retry,
  in_use_by_another_user: retry,
  unknown_intranet: otherLink,
  not_connected: again,
  name_not_found: retry,
  target_refused: retry,
  target_unreachable: retry,
  target_timeout: retry,
  data_directory_in_use: retry,
  not_a_real_path: retry,
  not_found: retry,
  already_exists: retry,
  answer_missing: retry,
  target_denied: retry,
};

/** The action of the main button; there is one in every state. */
export const nextAction = (state: IntranetState, phase: PhaseWord): NextAction => {
  switch (phase) {
    case "connected":
      return { act: "disconnect", label: texts.actions.disconnect };
    case "connecting":
    case "reconnecting":
      return { act: "disconnect", label: texts.actions.cancel };
    case "disconnecting":
      return { act: "connect", label: texts.actions.connectAgain };
    case "signed_out":
    case "signing_in":
      return { act: "sign_in", label: state.cause ? texts.actions.signInAgain : texts.actions.signIn };
    case "disconnected":
    case "failed":
      return state.cause ? causeActions[state.cause.cause] : { act: "connect", label: texts.actions.connect };
  }
};
