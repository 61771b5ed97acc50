import { isAbsolute } from "node:path";
import { z } from "zod";
import { invalid } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { createToken, listTokens, removeAccessPoint, removeToken } from "../../domain/accesspoints/tokens.ts";
import { listAudit } from "../../domain/audit.ts";
import { endTheseSessions } from "../../domain/instances/sessions.ts";
import { textRules } from "../../domain/limits/text.ts";
import { violation } from "../../domain/rules.ts";
import { listSessions } from "../../domain/sessions/listing.ts";
import { backUp } from "../../store/backup.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, textOf, theInstance } from "./common.ts";

/** Writes files to a path of the caller's choice, so it is restricted to those who own the data directory anyway. */
export const backup = reading({
  name: "backup",
  access: "host",
  input: z.strictObject({ path: z.string().min(1).max(4_096) }),
  async read({ context, data }, { path }) {
    if (!isAbsolute(path)) throw invalid("path", say("path_not_absolute"));
    return backUp(data, path, context.clock.now());
  },
});

/** Fingerprints that people compare with the one in their client: of the key in use, then of the next or spare key. */
export const serverFingerprint = reading({
  name: "server fingerprint",
  access: "read",
  input: z.strictObject({}),
  read: ({ server }) =>
    Promise.resolve({
      server: server.url,
      fingerprints: server.pins.map((pin) => Buffer.from(pin.replace(/^sha256\//, ""), "base64url").toString("hex")),
    }),
});

/** Whether the server can serve, and if not, why; the reason in English. */
export const serverStatus = reading({
  name: "server status",
  access: "read",
  input: z.strictObject({}),
  async read({ server }) {
    const reason = await server.notReady();
    return { ready: reason === undefined, reason: reason?.text ?? null };
  },
});

export const tokenCreate = changing({
  name: "access-point token create",
  access: "operate",
  input: z.strictObject({ uses: z.number(), lifetimeSeconds: z.number(), ccn: z.string().optional() }),
  async handle(change, wish) {
    const { token, ...view } = await createToken(change, change.caller.tenant.id, wish);
    await change.audit(view.id, null, view);
    return { ...view, token: token.reveal() };
  },
});

export const tokenList = reading({
  name: "access-point token list",
  access: "operate",
  input: z.strictObject({}),
  read: ({ db, context }) => listTokens(db, context.clock.now()),
});

export const tokenRemove = changing({
  name: "access-point token remove",
  access: "operate",
  input: z.strictObject({ id: z.string() }),
  async handle(change, { id }) {
    await removeToken(change, id);
    await change.audit(id, null, null);
    return { removed: id };
  },
});

export const accessPointList = reading({
  name: "access-point list",
  access: "operate",
  input: z.strictObject({}),
  async read({ context }) {
    const now = context.clock.now();
    return context.accessPoints.list().map((state) => ({
      id: state.id,
      name: state.name,
      ccnId: state.ccnId,
      mode: state.mode,
      region: state.region,
      online: state.online,
      endpoints: state.endpoints.map(
        (e) => `${e.transport}://${e.host.includes(":") ? `[${e.host}]` : e.host}:${e.port}`,
      ),
      lastSeenSeconds: Math.max(0, Math.round((now - state.lastSeenAt) / 1_000)),
      drops: context.decided.dropsOf(state.id),
    }));
  },
});

export const accessPointRemove = changing({
  name: "access-point remove",
  access: "operate",
  input: z.strictObject({ id: z.string() }),
  async handle(change, { id }) {
    await removeAccessPoint(change, id);
    await change.audit(id, null, null);
    return { removed: id };
  },
});

export const sessionList = reading({
  name: "session list",
  access: "operate",
  input: z.strictObject({ instance: instanceRef.optional(), which: z.enum(["running", "ended", "all"]).optional() }),
  async read(at, p) {
    const id = p.instance === undefined ? undefined : (await theInstance(at, p.instance)).id;
    return listSessions(at.context, id, p.which);
  },
});

export const sessionEnd = changing({
  name: "session end",
  access: "operate",
  input: z.strictObject({ id: z.string(), reason: textOf(textRules.reason) }),
  async handle(change, { id, reason }) {
    if ((await endTheseSessions(change, [id], { cause: "kicked", text: reason })) === 0)
      throw violation("no-session", { id });
    await change.audit(id, null, { reason });
    return { ended: id };
  },
});

export const auditList = reading({
  name: "audit list",
  access: "operate",
  input: z.strictObject({
    limit: z.number().int().min(1).max(1_000),
    user: z.string().max(64).optional(),
    action: z.string().max(64).optional(),
    sinceSeconds: z.number().min(0).optional(),
  }),
  read: ({ context }, wanted) => listAudit(context, wanted),
});

export const operatingCommands: readonly AnyCommand[] = [
  serverFingerprint,
  serverStatus,
  backup,
  tokenCreate,
  tokenList,
  tokenRemove,
  accessPointList,
  accessPointRemove,
  sessionList,
  sessionEnd,
  auditList,
];
