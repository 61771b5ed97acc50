import { letGo } from "../core/credentials/busy.ts";

/** Ends this process now, also one that a keychain holds. */
export function leave(code: number): never {
  letGo(code);
  process.exit(code);
}
