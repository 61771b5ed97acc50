import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { Failure } from "../causes/failure.ts";
import type { SignInOptions } from "../client/client.ts";
import { Secret } from "../credentials/secret.ts";
import { makeCertificate } from "./certificate.ts";
import { FakeCloud } from "./cloud.ts";
import { type TestEnvironment, testEnvironment } from "./environment.ts";

export const certificate = makeCertificate();

/** The current test's cloud instance and user files. */
export let cloud: FakeCloud;
export let environment: TestEnvironment;

beforeEach(async () => {
  cloud = await new FakeCloud(certificate).start();
  environment = testEnvironment();
});

afterEach(async () => {
  await cloud.stop();
  environment.remove();
});

/** Sign-in options that the test's cloud instance accepts. */
export const signIn = (over: Partial<SignInOptions> = {}): SignInOptions => ({
  invitation: cloud.link,
  userName: cloud.user,
  password: new Secret(cloud.password),
  store: "file",
  ...over,
});

/** Returns the Failure that `work` rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof Failure)) throw new Error("it did not fail with a Failure", { cause: thrown });
  return thrown;
}

export const causeOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).code;

export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("the condition did not become true within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The content of all files below a directory. */
export const contentOf = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
