import { setTimeout as sleep } from "node:timers/promises";
import { AsyncEntry } from "@napi-rs/keyring";
import { Failure } from "../causes/failure.ts";
import { whileBusy } from "./busy.ts";
import { decodeTokens, encodeTokens, type SignInTokens, type TokenStore } from "./kept.ts";

const service = "sag-software";

/** Time limit for a keychain call, ms: a locked keychain may be waiting for the user. */
const patience = 60_000;

/** The system's keychain. On Linux only a Secret Service, because the kernel's keyring is lost at the next boot. */
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
      // Writes, because a locked keychain answers a read with "no such entry" and only fails on a write.
      await guarded((signal) => entry("check").setPassword("check", signal));
      // Another process may have deleted the entry already.
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

/** Runs keychain calls one at a time, so that a locked keychain prompts the user only once. */
async function guarded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timer = new AbortController();
  const called = last.then(() => whileBusy(() => work(timer.signal)));
  last = called.catch(() => undefined);
  // The signal only cancels calls that have not begun; a pending one goes on until the user answers.
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

/** The library has only one kind of exception; this matches its message after an unanswered unlock prompt. */
const isLocked = (cause: unknown): boolean => /platform storage|prompt|locked/i.test(String(cause));
