import { exitDespiteKeychain } from "../core/credentials/busy.ts";

/** Ends this process now, even while a keychain call is pending. */
export function leave(code: number): never {
  exitDespiteKeychain(code);
  process.exit(code);
}
