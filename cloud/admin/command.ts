import type { z } from "zod";
import type { Message } from "../base/say.ts";
import type { Change } from "../domain/change.ts";
import type { Context } from "../domain/context.ts";
import type { Tenant } from "../domain/tenants/tenants.ts";
import type { Db } from "../store/db.ts";

export type Role = "administrator" | "read-only" | "accounts-only";

/**
 * What a command does; decides which roles may run it. `read`: administrators and read-only. `accounts-read`: any role.
 * `accounts`: administrators and accounts-only. `write`: administrators. `operate`: the operators of this server (see
 * `operates`). `host`: sagctl on the server's own host.
 */
export type Access = "read" | "accounts-read" | "accounts" | "write" | "operate" | "host";

/** Identity and rights of the caller of a command. */
export interface Caller {
  /** Name in the audit: an access key's id, or "local:" and the user of sagctl. */
  actor: string;
  role: Role;
  tenant: Tenant;
  /** Operator of this server: exempt from some limits (uncapped accounts), and may name instances of any product account. */
  operator: boolean;
  /** Calls from the server's own host. */
  onHost: boolean;
}

/** This server's URL and keys, as enrolment links contain them. */
export interface ServerView {
  url: string;
  /** SPKI pins of the key in use, then of the next or spare key. */
  pins: string[];
  /** Whether the certificate is valid for this host by the system's certificate authorities; a link then needs no pin. */
  vouchedFor(host: string): boolean;
  /** Why the server cannot serve; undefined if it can. */
  notReady(): Promise<Message | undefined>;
}

/** The parts of the server that commands use. */
export interface Host {
  context: Context;
  server: ServerView;
  /** The data directory. */
  data: string;
}

/** Context of a command that only reads. */
export interface Reading extends Host {
  db: Db;
  caller: Caller;
  /** Aborted when the sender has hung up and nobody will get the answer; undefined = it may ask again. */
  gone?: AbortSignal | undefined;
}

/** Context of a command that changes something. `tx` is its transaction; `db` is the same object. */
export interface Changing extends Change, Reading {
  context: Context;
}

/** An administrator's action. The audit uses its name, whether it came from sagctl or from the published API. */
export interface Command<I, O> {
  name: string;
  access: Access;
  input: z.ZodType<I, unknown>;
  /** Only for commands that change nothing; the others have `begin`. */
  read?: (at: Reading, input: I) => Promise<O>;
  /** Does slow work such as hashing before the transaction, and returns the function that runs in the transaction. */
  begin?: (at: Reading, input: I) => Promise<(change: Changing) => Promise<O>>;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of commands of all kinds
export type AnyCommand = Command<any, any>;

export function reading<S extends z.ZodType, O>(declaration: {
  name: string;
  access: Access;
  input: S;
  read(at: Reading, input: z.output<S>): Promise<O>;
}): Command<z.output<S>, O> {
  return declaration as Command<z.output<S>, O>;
}

/**
 * Declares a command that changes something. `handle` runs in the transaction that also writes the audit record and the nonce.
 */
export function changing<S extends z.ZodType, O, P = undefined>(declaration: {
  name: string;
  access: Access;
  input: S;
  prepare?(at: Reading, input: z.output<S>): Promise<P>;
  handle(change: Changing, input: z.output<S>, prepared: P): Promise<O>;
}): Command<z.output<S>, O> {
  const { name, access, input, prepare, handle } = declaration;
  return {
    name,
    access,
    input: input as unknown as z.ZodType<z.output<S>, unknown>,
    async begin(at, given) {
      const prepared = (await prepare?.(at, given)) as P;
      return (change) => handle(change, given, prepared);
    },
  };
}
