import { join } from "node:path";
import { Failure } from "../causes/failure.ts";
import type { StoreWord } from "../client/model.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { readText, removeFile, writeAtomic } from "../host/files.ts";
import { decodeTokens, encodeTokens, type SignInTokens, type TokenStore } from "./kept.ts";

export async function openStore(environment: Environment, store: StoreWord): Promise<TokenStore> {
  if (store === "file") return new FileStore(environment);
  if (store === "keychain") return (await import("./keychain.ts")).openKeychain();
  // Tokens of a sign-in for one dial are not stored.
  throw new Failure("sign_in_expired");
}

/** For servers without a keychain: a file that only this user can read. */
class FileStore implements TokenStore {
  readonly #environment: Environment;
  readonly #dir: string;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#dir = join(environment.stateDir, "credentials");
  }

  async check(): Promise<void> {
    this.#makeDir();
    const probe = join(this.#dir, "check");
    // As large as an entry, so that a full disk is noticed here.
    await writeAtomic(probe, "0".repeat(4096));
    await removeFile(probe);
  }

  async read(intranetId: string): Promise<SignInTokens | null> {
    const text = await readText(this.#path(intranetId));
    return text === undefined ? null : decodeTokens(text);
  }

  async write(intranetId: string, tokens: SignInTokens): Promise<void> {
    this.#makeDir();
    await writeAtomic(this.#path(intranetId), encodeTokens(tokens));
  }

  async remove(intranetId: string): Promise<void> {
    await removeFile(this.#path(intranetId));
  }

  #makeDir(): void {
    makePrivateDir(this.#environment.stateDir, this.#environment.uid);
    makePrivateDir(this.#dir, this.#environment.uid);
  }

  #path(intranetId: string): string {
    return join(this.#dir, `${intranetId}.json`);
  }
}
