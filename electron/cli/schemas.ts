import * as z from "zod/mini";
import type { StateOutput } from "./json.ts";

/**
 * The schemas of what `--json` prints, by verb. Only tests and the manual load this; docs/cli.md shows it as JSON
 * Schema.
 */
const orNull = <T extends z.core.$ZodType>(schema: T) => z.nullable(schema);
const fixer = z.enum(["you", "administrator", "network"]);
const hop = z.enum(["client", "access_point", "instance", "ccn", "cen", "cloud_network"]);
const warning = z.object({ code: z.string(), hop: orNull(hop), fixer, message: z.string() });

const resource = z.object({
  name: z.string(),
  kind: z.enum(["other", "web", "ssh", "rdp", "vnc", "files", "database"]),
  address: z.string(),
});

const session = z.object({
  id: z.string(),
  sinceMs: z.number(),
  leaseMs: z.number(),
  leaseLeftMs: z.number(),
  renewals: z.number(),
  addresses: z.array(z.string()),
  routes: z.array(z.string()),
  dnsServers: z.array(z.string()),
  dnsDomains: z.array(z.string()),
  dnsSearchDomains: z.array(z.string()),
  keyExchange: z.string(),
  presharedKey: z.boolean(),
  mtu: z.number(),
  handshakeAgeMs: orNull(z.number()),
  bandwidthKbps: orNull(z.number()),
  resources: z.array(resource),
});

const blocking = z.enum(["none", "intranet", "all"]);

/** Only in system mode: our routes, rules, DNS settings and kill switch, as found on the host just now. */
const machine = z.object({
  routes: z.array(z.string()),
  rules: z.array(z.string()),
  names: orNull(
    z.object({
      backend: z.string(),
      servers: z.array(z.string()),
      domains: z.array(z.string()),
      everything: z.boolean(),
      searchDomains: z.array(z.string()),
      trouble: orNull(z.string()),
    }),
  ),
  guard: orNull(
    z.object({
      blocking,
      prefixes: z.array(z.string()),
      domains: z.array(z.string()),
      lockdown: z.boolean(),
      portalLeftMs: orNull(z.number()),
      dropped: z.number(),
    }),
  ),
});

/** Lockdown applies to the whole computer, whatever the phase of the intranet. */
const lockdown = z.object({
  by: orNull(z.enum(["administrator", "policy"])),
  sinceMs: orNull(z.number()),
  portal: orNull(z.object({ link: z.string(), leftMs: z.number() })),
  mayLift: z.boolean(),
  mayOpenPortal: z.boolean(),
});

export const stateSchema = z.object({
  intranet: z.string(),
  intranetId: z.string(),
  displayName: z.string(),
  userName: z.string(),
  server: z.string(),
  phase: z.enum([
    "signed_out",
    "signing_in",
    "disconnected",
    "connecting",
    "connected",
    "reconnecting",
    "disconnecting",
    "failed",
  ]),
  /** If there is a cause, message, action and fixer are present too. */
  cause: orNull(z.string()),
  message: z.optional(z.string()),
  action: z.optional(z.string()),
  fixer: z.optional(fixer),
  blocking,
  mode: orNull(z.enum(["proxy", "system"])),
  clientIp: orNull(z.string()),
  accessPoint: orNull(
    z.object({ id: z.string(), name: z.string(), endpoint: z.string(), latencyMs: orNull(z.number()) }),
  ),
  session: orNull(session),
  warnings: z.array(warning),
  hops: z.array(
    z.object({ kind: hop, id: z.string(), name: z.string(), whole: z.boolean(), missing: orNull(warning) }),
  ),
  socks: orNull(z.string()),
  http: orNull(z.string()),
  pac: orNull(z.string()),
  machine: orNull(machine),
  lockdown: orNull(lockdown),
  pid: orNull(z.number()),
  rxBytes: z.number(),
  txBytes: z.number(),
  refusedPackets: z.number(),
  notice: orNull(z.string()),
});

export const failureSchema = z.object({
  cause: z.string(),
  message: z.string(),
  action: z.string(),
  fixer: z.optional(fixer),
  retryAfterMs: z.optional(z.number()),
  deviceName: z.optional(z.string()),
  field: z.optional(z.string()),
  sessions: z.optional(
    z.array(z.object({ id: z.string(), deviceName: z.string(), ageMs: z.number(), clientIp: z.string() })),
  ),
});

const intranet = z.object({
  intranet: z.string(),
  intranetId: z.string(),
  displayName: z.string(),
  userName: z.string(),
  server: z.string(),
  enterpriseCode: z.string(),
  store: z.enum(["keychain", "file", "none"]),
  signedIn: z.boolean(),
  isDefault: z.boolean(),
});

const device = z.object({
  id: z.string(),
  name: z.string(),
  platform: z.string(),
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  signedIn: z.boolean(),
  thisDevice: z.boolean(),
});
const ownSession = z.object({
  id: z.string(),
  deviceId: z.string(),
  deviceName: z.string(),
  addresses: z.array(z.string()),
  mode: orNull(z.enum(["proxy", "system"])),
  ageMs: z.number(),
  thisDevice: z.boolean(),
});
const sshHost = z.object({
  alias: z.string(),
  host: z.string(),
  port: orNull(z.number()),
  hostKeyAlias: z.string(),
  intranet: z.string(),
});

const forwarded = z.object({ protocol: z.enum(["tcp", "udp"]), listen: z.string(), to: z.string() });

/** By verb. Most of them print the state of an intranet. */
export const outputs: Record<string, z.ZodMiniType> = {
  "sign-in": stateSchema,
  "sign-out": stateSchema,
  connect: stateSchema,
  disconnect: stateSchema,
  status: z.array(stateSchema),
  intranets: z.array(intranet),
  proxy: z.union([
    z.object({ intranet: z.string(), socks: z.string(), http: z.string(), pac: orNull(z.string()) }),
    /** With --all. */
    z.object({
      pac: z.string(),
      intranets: z.array(z.object({ intranet: z.string(), socks: z.string(), http: z.string() })),
      overlaps: z.array(z.object({ what: z.string(), intranets: z.array(z.string()) })),
    }),
  ]),
  password: z.union([
    z.object({ changed: z.boolean() }),
    /** With --forgotten, without a code. */
    z.object({ sent: z.literal(true) }),
  ]),
  "second-factor": z.union([
    z.object({ uri: z.string(), secret: z.string(), lifetimeMs: z.number(), confirmed: z.literal(false) }),
    z.object({ confirmed: z.literal(true) }),
    z.object({ removed: z.literal(true) }),
  ]),
  devices: z.union([z.array(device), z.object({ ended: z.string() })]),
  sessions: z.union([z.array(ownSession), z.object({ ended: z.string() })]),
  resources: z.array(resource),
  "ssh-config": z.object({ intranet: orNull(z.string()), hosts: z.array(sshHost) }),
  /** The output is that of the other program; only failures are printed by sag. */
  run: z.never(),
  "ssh-proxy": z.never(),
  open: z.object({
    intranet: z.string(),
    url: z.string(),
    browser: z.string(),
    profile: z.string(),
    pid: orNull(z.number()),
  }),
  forward: z.object({ ready: z.literal(true), intranet: z.string(), forwards: z.array(forwarded) }),
  ping: z.object({
    intranet: z.string(),
    host: z.string(),
    address: orNull(z.string()),
    sent: z.number(),
    received: z.number(),
    timesMs: z.array(z.number()),
  }),
  /** One line for each entry; its other attributes are additional fields. */
  logs: z.looseObject({
    time: z.string(),
    level: z.string(),
    msg: z.string(),
    source: z.enum(["core", "sag-tunnel"]),
    intranet: z.optional(z.string()),
    session: z.optional(z.string()),
  }),
  repair: z.object({ undone: z.array(z.string()), disconnected: z.boolean(), unlocked: z.boolean() }),
  lockdown: z.object({
    on: z.boolean(),
    by: orNull(z.enum(["administrator", "policy"])),
    reachable: z.array(z.string()),
    portal: orNull(z.object({ link: z.string(), leftMs: z.number() })),
    dropped: z.number(),
  }),
  service: z.object({
    installed: z.boolean(),
    enrolled: z.optional(z.boolean()),
    running: z.optional(z.boolean()),
    removed: z.optional(z.array(z.string())),
    trusted: z.optional(z.array(z.string())),
    intranet: z.optional(z.string()),
    dial: z.optional(
      orNull(
        z.object({
          phase: z.enum(["connected", "waiting", "stopped"]),
          intranet: orNull(z.string()),
          cause: orNull(z.looseObject({ cause: z.string(), message: z.string(), action: z.string() })),
        }),
      ),
    ),
  }),
  completion: z.object({ shell: z.enum(["bash", "zsh", "fish", "powershell"]), script: z.string() }),
  version: z.object({ version: z.string(), platform: z.string(), arch: z.string(), licenses: z.optional(z.string()) }),
};

/**
 * Keeps the printed type and the documented schema the same: if they differ, this does not compile.
 * @public
 */
export const sameShape: (output: StateOutput) => z.infer<typeof stateSchema> = (output) => output;
