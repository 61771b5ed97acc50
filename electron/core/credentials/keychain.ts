import { AsyncEntry } from "@napi-rs/keyring";
import { Failure } from "../causes/failure.ts";
import { decodeTokens, encodeTokens, type SignInTokens, type TokenStore } from "./store.ts";

const service = "sag-software";

/** How long a keychain may take, ms: a locked one may be asking a person. */
const patience = 60_000;

/** The system's keychain. On Linux a Secret Service and nothing else: the kernel's keyring forgets at the next boot. */
export function openKeychain(): TokenStore {
  const entry = (account: string): AsyncEntry => {
    try {
      return new AsyncEntry(service, account, { linux: { store: "secret-service" } });
    } catch (cause) {
      throw new Failure("keychain_unavailable", {}, { cause });
    }
  };
  return {
    async check() {
      await guarded((signal) => entry("check").getPassword(signal));
    },
    async read(intranetId) {
      const text = await guarded((signal) => entry(intranetId).getPassword(signal));
      return text ? decodeTokens(text) : null;
    },
    async write(intranetId: string, tokens: SignInTokens) {
      await guarded((signal) => entry(intranetId).setPassword(encodeTokens(tokens), signal));
    },
    async remove(intranetId) {
      await guarded((signal) => entry(intranetId).deletePassword(signal));
    },
  };
}

async function guarded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await work(AbortSignal.timeout(patience));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(isLocked(cause) ? "keychain_locked" : "keychain_unavailable", {}, { cause });
  }
}

/** The library has one kind of exception. This is what it says when nobody unlocked the keychain it asked to be unlocked. */
const isLocked = (cause: unknown): boolean => /platform storage|prompt|locked/i.test(String(cause));
