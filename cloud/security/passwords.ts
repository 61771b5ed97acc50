import { argon2, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { FairQueue, type QueueRules, type Requester } from "./fair-queue.ts";
import { Secret } from "./secret.ts";

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
/**
 * More than two hashes at once would only compete for the CPU and block the thread pool. An office behind one address can have a few
 * people who sign in within the same second.
 */
const rules: QueueRules = { concurrent: 2, waiting: 64, perAccount: 4, perHost: 24 };
const queue = new FairQueue(rules, () => {
  return new Refusal("too_many_attempts", say("sign_in_crowd"), { retryAfterMs: 2_000 });
});
/** Limits do not apply to passwords that administrators set. */
const ownWork: Requester = { host: "", account: "" };

interface Parameters {
  memory: number;
  passes: number;
  parallelism: number;
  tagLength: number;
}

function derive(password: Secret, salt: Uint8Array, by: Parameters, requester: Requester): Promise<Buffer> {
  return queue.run(
    requester,
    () =>
      new Promise((resolve, reject) => {
        argon2("argon2id", { message: password.reveal(), nonce: salt, ...by }, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/** Hashes off the main thread. The result is in PHC format, so that the parameters can be raised later. */
export async function hashPassword(password: Secret, requester = ownWork): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, parameters, requester);
  const { memory, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(key)}`;
}

/** Takes the same time if the account does not exist (`hash` undefined). */
export async function verifyPassword(
  password: Secret,
  hash: string | undefined,
  requester = ownWork,
): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash ?? "");
  if (!match) {
    await derive(password, randomBytes(16), parameters, requester);
    return false;
  }
  const [, memory, passes, parallelism, salt = "", expected = ""] = match;
  const known = Buffer.from(expected, "base64");
  const numbers = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const key = await derive(password, Buffer.from(salt, "base64"), { ...numbers, tagLength: known.length }, requester);
  return timingSafeEqual(key, known);
}

/** A password that people copy once: 16 characters without look-alikes, about 92 bits. */
export function makePassword(): Secret {
  const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return new Secret(Array.from({ length: 16 }, () => alphabet[randomInt(alphabet.length)]).join(""));
}
