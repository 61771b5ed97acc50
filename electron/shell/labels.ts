import type { IntranetState } from "../core/client/model.ts";

/**
 * Intranet → displayed name: its display name; if several have the same one, also the user name and, if needed, the
 * server.
 */
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
