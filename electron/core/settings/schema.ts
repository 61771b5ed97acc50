import * as z from "zod/mini";

/** What is kept of one intranet. Nothing secret is in here. Unknown fields, of a later version, are kept. */
export const recordSchema = z.looseObject({
  id: z.string().check(z.regex(/^[0-9a-z]{4,32}$/)),
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  displayName: z.string(),
  /** HOST[:PORT], lower case; 443 is left out. */
  server: z.string().check(z.minLength(1), z.maxLength(260)),
  code: z.string().check(z.regex(/^[0-9A-Z]{5}$/)),
  user: z.string(),
  /** SHA-256 of the server's public key, 64 hexadecimal digits: in use, spare. None = the system's authorities decide. */
  pins: z.array(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  store: z.enum(["keychain", "file", "none"]),
  signedIn: z.boolean(),
  /** When the sign-in ends, as the cloud instance reported last; ms since the epoch. */
  signInEnds: z.optional(z.number()),
  /** When the last sign-in was, by any program; ms since the epoch. Earlier failures are out of date. */
  signedInAt: z.optional(z.number()),
  /** Session that had failed by then: what its tunnel says of it is out of date. */
  endedSession: z.optional(z.string()),
  /** Listeners of proxy mode, HOST:PORT, so that they stay the same. */
  socks: z.optional(z.string()),
  http: z.optional(z.string()),
});

export const settingsSchema = z.looseObject({
  version: z.literal(1),
  intranets: z.array(recordSchema),
  /** Id of the intranet that is meant when none is named. */
  default: z.optional(z.string()),
});

export type Settings = z.infer<typeof settingsSchema>;
export type IntranetRecord = z.infer<typeof recordSchema>;
