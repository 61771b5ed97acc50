import type { Caller } from "../admin/command.ts";
import { commands } from "../admin/commands/index.ts";
import { run } from "../admin/run.ts";
import { administration } from "../domain/administration.ts";
import type { Context } from "../domain/context.ts";
import { defaultTenant } from "../domain/tenants/tenants.ts";

/** Runs commands as sagctl does on the server's host, or as another caller, on a domain without a server. */
export function commander(context: Context, as: Partial<Caller> = {}) {
  return async <T = unknown>(name: string, input: Record<string, unknown>): Promise<T> => {
    const command = commands.get(name);
    if (!command) throw new Error(`there is no command ${name}`);
    const tenant = await defaultTenant(context.store);
    const caller: Caller = { actor: "test", role: "administrator", tenant, operator: true, onHost: true, ...as };
    const by = administration(context, { actor: caller.actor, action: name, nonce: undefined });
    const server = {
      url: "https://cloud.test",
      pins: [],
      vouchedFor: () => false,
      notReady: () => Promise.resolve(undefined),
    };
    return run({ ...by, caller, server, data: "" }, command, input) as Promise<T>;
  };
}
