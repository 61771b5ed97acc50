import { setTimeout as sleep } from "node:timers/promises";
import { AsyncEntry } from "@napi-rs/keyring";
import { Failure } from "../causes/failure.ts";
import { whileBusy } from "./busy.ts";
import { decodeTokens, encodeTokens, type SignInTokens, type TokenStore } from "./kept.ts";

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
      // Written, not only read: a locked keychain says that there is no such entry, and is found to be locked when it is too late.
      await guarded((signal) => entry("check").setPassword("check", signal));
      // Another process may have taken it away already.
      await guarded((signal) => entry("check").deletePassword(signal));
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

let last: Promise<unknown> = Promise.resolve();

/** One call after the other: a keychain that is asking a person need not ask twice. */
async function guarded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timer = new AbortController();
  const called = last.then(() => whileBusy(() => work(timer.signal)));
  last = called.catch(() => undefined);
  // The signal is for a call that has not begun; one that has goes on until the person answers.
  const late = sleep(patience, undefined, { ref: false, signal: timer.signal }).then(() => {
    throw new Failure("keychain_locked");
  });
  try {
    return await Promise.race([called, late]);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(isLocked(cause) ? "keychain_locked" : "keychain_unavailable", {}, { cause });
  } finally {
    late.catch(() => undefined);
    timer.abort();
  }
}

/** The library has one kind of exception. This is its message when the prompt to unlock the keychain was not answered. */
const isLocked = (cause: unknown): boolean => /platform storage|prompt|locked/i.test(String(cause));
