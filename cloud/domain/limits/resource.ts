import { invalid } from "../../base/cause.ts";
import { parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { requireDomain } from "./instance.ts";
import { requireText, textRules } from "./text.ts";

/** Kinds of published resources. */
export const resourceKinds = ["web", "ssh", "rdp", "vnc", "files", "database", "other"] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Per instance; limited so that a profile fits into one message. */
export const maxResources = 200;

export function requireResourceName(name: string): string {
  return requireText(textRules.resourceName, name);
}

/** Kind of a resource; if not given, "web" for a URL and "other" for anything else. */
export function requireResourceKind(kind: string | undefined, address: string): ResourceKind {
  if (kind === undefined) return /^https?:/i.test(address) ? "web" : "other";
  const known = resourceKinds.find((one) => one === kind);
  if (!known) throw invalid("kind", say("resource_kind_unknown", { kind, known: resourceKinds.join(", ") }));
  return known;
}

/**
 * Checks and normalises an address. web: an http or https URL. Others: HOST or HOST:PORT, with an IPv6 address in brackets if there is
 * a port.
 */
export function requireResourceAddress(kind: ResourceKind, address: string): string {
  const normal = kind === "web" ? webAddress(address) : hostAddress(address);
  if (normal === undefined || normal.length > 512 || !/^[!-~]+$/.test(normal)) {
    throw invalid("address", say(kind === "web" ? "resource_url_form" : "resource_address_form", { kind }));
  }
  return normal;
}

function webAddress(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href;
}

function hostAddress(text: string): string | undefined {
  if (parseIp(text)) return text;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (!match || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
  const end = port === undefined ? "" : `:${port}`;
  if (match[1] !== undefined) return parseIp(match[1]) ? `[${match[1]}]${end}` : undefined;
  const host = match[2] ?? "";
  return `${parseIp(host) ? host : requireDomain(host)}${end}`;
}
