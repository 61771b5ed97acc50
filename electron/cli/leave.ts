import { letGo } from "../core/credentials/busy.ts";

/** Ends this process now, even while a keychain call is pending. */
export function leave(code: number): never {
  letGo(code);
  process.exit(code);
}
