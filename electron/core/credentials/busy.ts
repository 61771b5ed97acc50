let calls = 0;

/**
 * Whether a keychain call is pending. The keychain may be waiting for the user, the call cannot be cancelled, and
 * Node.js does not exit before it returns.
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

/**
 * Call this last before exiting: if a keychain call would keep the process alive, replaces it by a shell that exits
 * with the same code.
 */
export function exitDespiteKeychain(code: number): void {
  if (isKeychainBusy()) process.execve?.("/bin/sh", ["sh", "-c", `exit ${code}`], {});
}
