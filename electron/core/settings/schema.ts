import * as z from "zod/mini";

/** The stored settings of one intranet, without secrets. Unknown fields, from later versions, are kept. */
export const recordSchema = z.looseObject({
  id: z.string().check(z.regex(/^[0-9a-z]{4,32}$/)),
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  displayName: z.string(),
  /** HOST[:PORT], lower case; 443 is left out. */
  server: z.string().check(z.minLength(1), z.maxLength(260)),
  code: z.string().check(z.regex(/^[0-9A-Z]{5}$/)),
  user: z.string(),
  /**
   * SHA-256 of the server's public key, 64 hexadecimal digits: in use, spare. None = the system's authorities decide.
   */
  pins: z.array(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  store: z.enum(["keychain", "file", "none"]),
  signedIn: z.boolean(),
  /** When the sign-in ends, as last reported by the cloud instance; ms since the epoch. */
  signInEnds: z.optional(z.number()),
  /** The session that had failed before the last sign-in: its tunnel's state is out of date. */
  endedSession: z.optional(z.string()),
  /** Proxy listeners, HOST:PORT, kept so that they stay the same. */
  socks: z.optional(z.string()),
  http: z.optional(z.string()),
});

export const settingsSchema = z.looseObject({
  version: z.literal(1),
  intranets: z.array(recordSchema),
  /** Id of the default intranet. */
  default: z.optional(z.string()),
});

export type Settings = z.infer<typeof settingsSchema>;
export type IntranetRecord = z.infer<typeof recordSchema>;
