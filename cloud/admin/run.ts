import { audit } from "../domain/audit.ts";
import type { Administration } from "../domain/change.ts";
import { runEffects } from "../domain/effects.ts";
import { violation } from "../domain/rules.ts";
import type { Access, AnyCommand, Caller, Command, Host, Role } from "./command.ts";
import { readInput } from "./input.ts";

/** The environment of commands. `change` runs a transaction that also writes the audit record and the nonce. */
export interface Runner extends Administration, Host {
  context: Host["context"];
  caller: Caller;
  gone?: AbortSignal | undefined;
}

const accessOf: Record<Role, readonly Access[]> = {
  administrator: ["read", "accounts-read", "accounts", "write"],
  "read-only": ["read", "accounts-read"],
  "accounts-only": ["accounts-read", "accounts"],
};

export const roles = Object.keys(accessOf) as Role[];

/** Whether the caller operates this server: sagctl on the server's host, or an administrator of the default account. */
export const operates = (caller: Caller): boolean =>
  caller.operator || (caller.role === "administrator" && caller.tenant.isDefault);

export function mayRun(caller: Caller, access: Access): boolean {
  if (access === "host") return caller.onHost;
  if (access === "operate") return operates(caller);
  return accessOf[caller.role].includes(access);
}

/**
 * Refuses a caller whose role does not allow the command, and records the refusal in the audit under the command's name. `shown`
 * is the name to use in the message.
 */
export async function requireAccess(
  { context, caller }: Pick<Runner, "context" | "caller">,
  { name, access, shown = name }: Pick<AnyCommand, "name" | "access"> & { shown?: string },
): Promise<void> {
  if (mayRun(caller, access)) return;
  const refusal =
    access === "host" ? violation("host-only") : violation("not-allowed", { role: caller.role, command: shown });
  if (context.refusals.take(caller.actor)) {
    const entry = { actor: caller.actor, action: `${name} refused`, target: "", after: { cause: refusal.code } };
    await runEffects(context, () => audit(context.store, context.clock.now(), entry));
  }
  throw refusal;
}

/** Thrown to roll a transaction back although the command succeeded, as for a dry run. `result` is the command's result. */
export class Undone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("rolled back on purpose");
    this.result = result;
  }
}

/** Runs a command: parses its input, checks access, then runs it; changes run in the request's single transaction. */
export async function run<I, O>(by: Runner, command: Command<I, O>, given: I): Promise<O> {
  const input = readInput(command.input, given);
  await requireAccess(by, command);
  const at = { context: by.context, server: by.server, data: by.data, caller: by.caller, gone: by.gone };
  if (command.read) return command.read({ ...at, db: by.context.store }, input);
  if (!command.begin) throw new Error(`${command.name} does nothing`);
  try {
    const work = await command.begin({ ...at, db: by.context.store }, input);
    return await by.change((change) => work({ ...at, ...change, db: change.tx }), command.name);
  } catch (error) {
    // The rollback also removed the nonce, so it is stored again. Ignore a failure of that, such as a full disk, to keep the
    // original error.
    await by.spend().catch(() => {});
    if (error instanceof Undone) return error.result as O;
    throw error;
  }
}
