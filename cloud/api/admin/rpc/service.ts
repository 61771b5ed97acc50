import type { Caller, Host } from "../../../admin/command.ts";
import { administration } from "../../../domain/administration.ts";
import type { Administration } from "../../../domain/change.ts";
import type { Context } from "../../../domain/context.ts";
import { defaultTenant, tenantById, tenantByName } from "../../../domain/tenants/tenants.ts";
import { Secret } from "../../../security/secret.ts";
import { storageRefusal } from "../../../store/failures.ts";
import { findAccessKey, findKeySecret } from "../../../store/queries/access-keys.ts";
import { operations } from "./operations/index.ts";
import { type ApiResponse, Dispatcher, type KeyRecord } from "./protocol/dispatch.ts";
import type { ApiFailure } from "./protocol/failure.ts";
import type { Call } from "./protocol/operation.ts";
import { rateRules } from "./protocol/rate.ts";
import type { RawRequest } from "./protocol/wire.ts";
import { unsupportedNames } from "./unsupported.ts";

/** The admin API of a running server. */
export interface AdminApi {
  signed(raw: RawRequest): Promise<ApiResponse>;
  /** Answers a request that could not be read. */
  refused(host: string, failure: ApiFailure): Promise<ApiResponse>;
  /** A request from sagctl on the same host. `tenant` undefined = the default account. */
  local(
    actor: string,
    tenant: string | undefined,
    version: string,
    action: string,
    parameters: Map<string, string>,
  ): Promise<ApiResponse>;
  /** Requests answered since the start, by "OPERATION CODE"; the code is "" for success. */
  counts(): ReadonlyMap<string, number>;
}

export function adminApi(host: Host, rate = rateRules): AdminApi {
  const { context, data: directory } = host;
  const counts = new Map<string, number>();
  const known = new Set(operations.map((operation) => operation.name));
  const dispatcher = new Dispatcher({
    operations,
    unsupported: new Set(unsupportedNames),
    now: () => context.clock.now(),
    monotonic: () => context.clock.monotonic(),
    rate,
    findKey: (id) => findKey(context, id),
    tenant: async (name, caller) => (name === undefined ? caller.tenant : tenantByName(context.store, name)),
    call({ caller, requestId, host: reached, action, claim }): Call {
      const nonce = claim && { accessKeyId: claim.accessKeyId, value: claim.nonce, at: claim.at };
      const by: Administration = administration(context, { actor: caller.actor, action, nonce });
      return {
        ...host,
        ...by,
        caller,
        requestId,
        host: reached,
        published: () => Promise.reject(new Error("RunCommand is only available within a request")),
      };
    },
    storageRefusal: (error) => storageRefusal(error, directory),
    unexpected(error, requestId, action) {
      const stack = error instanceof Error ? error.stack : String(error);
      context.log("error", "an administrator's request failed unexpectedly", { requestId, action, error: stack });
    },
  });

  async function counted(work: Promise<ApiResponse>): Promise<ApiResponse> {
    const start = context.clock.monotonic();
    const response = await work;
    const { action, actor, code, status, requestId } = response;
    // Count unknown operations under one name, so that clients cannot grow the table without limit.
    const name = known.has(action) ? action : "other";
    counts.set(`${name} ${code}`, (counts.get(`${name} ${code}`) ?? 0) + 1);
    const ms = Math.round((context.clock.monotonic() - start) * 10) / 10;
    context.log(status >= 500 ? "error" : "info", "admin request", { requestId, action, actor, status, code, ms });
    return response;
  }

  const api: AdminApi = {
    signed: (raw) => counted(dispatcher.signed(raw)),
    refused: (host, failure) => counted(dispatcher.refused(host, failure)),
    async local(actor, tenantName, version, action, parameters) {
      const { store } = context;
      const tenant = tenantName === undefined ? await defaultTenant(store) : await tenantByName(store, tenantName);
      const caller: Caller = {
        actor,
        role: "administrator",
        tenant,
        operator: true,
        onHost: actor.startsWith("local:"),
      };
      return counted(dispatcher.trusted(caller, version, action, parameters));
    },
    counts: () => counts,
  };
  return api;
}

async function findKey({ store }: Context, id: string): Promise<KeyRecord | undefined> {
  const row = await findAccessKey(store, id);
  const secret = row && (await findKeySecret(store, id));
  const tenant = row && (await tenantById(store, row.tenantId));
  if (!row || secret === undefined || !tenant) return undefined;
  const caller: Caller = { actor: row.id, role: row.role, tenant, operator: false, onHost: false };
  return { id: row.id, secret: new Secret(secret), active: row.active, caller };
}
