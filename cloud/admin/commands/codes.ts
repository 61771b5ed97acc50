import { z } from "zod";
import { createCode, deleteCode, listCodes, ownCode, setDefaultCode, useCode } from "../../domain/codes/codes.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { newCode, region } from "./values.ts";

const code = { code: z.string().min(1).max(16) };

export const codeCreate = changing({
  name: "code create",
  access: "write",
  input: z.strictObject({ code: newCode }),
  handle: (change, p) => createCode(change, change.caller.tenant, p.code),
});

export const codeList = reading({
  name: "code list",
  access: "accounts-read",
  input: z.strictObject({
    code: z.string().max(16).optional(),
    isDefault: z.boolean().optional(),
    after: z.string().max(16).optional(),
    limit: z.int().min(1).optional(),
  }),
  read: (at, { limit = Number.MAX_SAFE_INTEGER, ...filter }) => listCodes(at.db, at.caller.tenant.id, filter, limit),
});

export const codeDefault = changing({
  name: "code default",
  access: "write",
  input: z.strictObject({ ...code, isDefault: z.boolean() }),
  async handle(change, p) {
    const { tenant } = change.caller;
    await setDefaultCode(change, tenant, await ownCode(change.tx, tenant, p.code), p.isDefault);
  },
});

export const codeDelete = changing({
  name: "code delete",
  access: "write",
  input: z.strictObject(code),
  handle: async (change, p) => deleteCode(change, await ownCode(change.tx, change.caller.tenant, p.code)),
});

export const codeUse = changing({
  name: "code use",
  access: "write",
  input: z.strictObject({ ...code, instanceId: z.string(), region: region.optional() }),
  handle: (change, p) => useCode(change, change.caller.tenant, p),
});

export const codeCommands: readonly AnyCommand[] = [codeCreate, codeList, codeDefault, codeDelete, codeUse];
