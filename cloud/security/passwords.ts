import { argon2, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { Refusal } from "../base/cause.ts";
import { Secret } from "./secret.ts";

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
/** More at once would only wait for each other and keep the thread pool from its other work. */
const maxConcurrent = 2;
const maxWaiting = 64;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= maxConcurrent) {
    if (waiting.length >= maxWaiting) {
      throw new Refusal("too_many_attempts", "Too many people are signing in at this moment.", { retryAfterMs: 2_000 });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

interface Parameters {
  memory: number;
  passes: number;
  parallelism: number;
  tagLength: number;
}

function derive(password: Secret, salt: Uint8Array, by: Parameters): Promise<Buffer> {
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        argon2("argon2id", { message: password.reveal(), nonce: salt, ...by }, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/** Hashes off the main thread; the result is in PHC form, so that parameters can grow later. */
export async function hashPassword(password: Secret): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, parameters);
  const { memory, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(key)}`;
}

/** Costs the same whether the account exists (`hash` undefined = it does not) or not. */
export async function verifyPassword(password: Secret, hash: string | undefined): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash ?? "");
  if (!match) {
    await derive(password, randomBytes(16), parameters);
    return false;
  }
  const [, memory, passes, parallelism, salt = "", expected = ""] = match;
  const known = Buffer.from(expected, "base64");
  const key = await derive(password, Buffer.from(salt, "base64"), {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: known.length,
  });
  return timingSafeEqual(key, known);
}

/** A password for people to copy once: 16 characters without those that look alike (about 92 bits). */
export function makePassword(): Secret {
  const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return new Secret(Array.from({ length: 16 }, () => alphabet[randomInt(alphabet.length)]).join(""));
}
