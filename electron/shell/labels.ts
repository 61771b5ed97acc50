import type { IntranetState } from "../core/client/model.ts";

/** Intranet → what it is called: its display name; of several with one name also who signed in, and if need be where. */
export function labelsOf(states: readonly IntranetState[]): Map<string, string> {
  const forms: ((state: IntranetState) => string)[] = [
    ({ displayName }) => displayName,
    ({ displayName, userName }) => `${displayName} (${userName})`,
    ({ displayName, userName, server }) => `${displayName} (${userName}, ${server})`,
    ({ displayName, intranet }) => `${displayName} (${intranet})`,
  ];
  const labels = new Map<string, string>();
  for (const state of states) {
    const alone = forms.find((form) => states.every((other) => other === state || form(other) !== form(state)));
    labels.set(state.intranetId, (alone ?? forms[0] ?? (() => ""))(state));
  }
  return labels;
}
