import type { z } from "zod";
import type { Change } from "../domain/change.ts";
import type { Context } from "../domain/context.ts";
import type { Tenant } from "../domain/tenants/tenants.ts";
import type { Db } from "../store/db.ts";

export type Role = "administrator" | "read-only" | "accounts-only";

/**
 * What a command does, for roles: `read` is open to readers; `accounts-read` and `accounts` besides to those who keep accounts only;
 * `write` to administrators alone; `operate` to those who run this server (sagctl beside it, or the default account's
 * administrators); `host` to sagctl beside it only.
 */
export type Access = "read" | "accounts-read" | "accounts" | "write" | "operate" | "host";

/** Who asks, and for whom. */
export interface Caller {
  /** For the audit: an access key's id, or "local:" and the user of sagctl. */
  actor: string;
  role: Role;
  tenant: Tenant;
  /** Runs this server: may do what others may not (uncapped accounts), and name any account's instances. */
  operator: boolean;
  /** On the server's own host. */
  onHost: boolean;
}

/** The server as enrolment links name it. */
export interface ServerView {
  url: string;
  /** Of the key in use, then of the next or spare one. */
  pins: string[];
  /** Clients trust this name by an authority of their system, so that a link needs no pin. */
  vouchedFor(host: string): boolean;
}

/** What commands run on. */
export interface Host {
  context: Context;
  server: ServerView;
  /** The data directory. */
  data: string;
}

/** What a command may look at. */
export interface Reading extends Host {
  db: Db;
  caller: Caller;
}

/** What a command that changes something works with: everything happens in `tx`, which is `db` as well. */
export interface Changing extends Change, Reading {
  context: Context;
}

/** One thing an administrator can do. Its name is the one in the audit, whichever way it came in. */
export interface Command<I, O> {
  name: string;
  access: Access;
  input: z.ZodType<I, unknown>;
  /** undefined = it changes something. */
  read?: (at: Reading, input: I) => Promise<O>;
  /** Does what is slow before the transaction (hashing), then gives what runs in it. */
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

/** A command that changes something. `handle` runs in the transaction in which its audit record and the nonce are written. */
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
