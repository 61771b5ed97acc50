let calls = 0;

/**
 * Whether a call of the keychain has not come back. It may be asking a person, it cannot be cancelled, and a process waits for
 * it even when it ends.
 */
const isKeychainBusy = (): boolean => calls > 0;

export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  calls += 1;
  try {
    return await work();
  } finally {
    calls -= 1;
  }
}

/** Last thing before the end: a process that a keychain would hold gives its place to a program that ends with the same code. */
export function letGo(code: number): void {
  if (isKeychainBusy()) process.execve?.("/bin/sh", ["sh", "-c", `exit ${code}`], {});
}
