import { violation } from "../domain/rules.ts";
import { idsNamed, type NamedTable } from "../store/queries/listings/names.ts";
import type { Caller, Host } from "./command.ts";
import { operates } from "./run.ts";

type Kind = NamedTable | "access_point";

/** Fields of commands' input that refer to an object, and what kind of object. */
const kinds: Readonly<Record<string, Kind>> = {
  accessPoint: "access_point",
  accessPoints: "access_point",
  acl: "acl",
  ccn: "ccn",
  ccnId: "ccn",
  cen: "cen",
  cenId: "cen",
  flowLog: "flow_log",
  instance: "instance",
  instanceId: "instance",
  network: "cloud_network",
  package: "cen_bandwidth_package",
  qos: "qos",
  target: "instance",
};

/** The kind of object that a field of a command refers to; undefined = none. */
export function referenceKind(command: string, field: string, input: Record<string, unknown>): Kind | undefined {
  if (field === "child") return input.type === "CCN" ? "ccn" : "cloud_network";
  if (field === "id") return command === "access-point remove" ? "access_point" : undefined;
  return Object.hasOwn(kinds, field) ? kinds[field] : undefined;
}

type At = Pick<Host, "context"> & { caller: Caller };

/**
 * Replaces names of objects by their ids in the input of a command of sagctl. What is no name of an object is left as it is, for the
 * command to refuse; an object of another product account can only be given by its id.
 */
export async function resolveNames(at: At, command: string, input: unknown): Promise<unknown> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const given = input as Record<string, unknown>;
  const resolved = Object.entries(given).map(async ([field, value]) => {
    const kind = referenceKind(command, field, given);
    return [field, kind === undefined ? value : await idsIn(at, kind, value)] as const;
  });
  return Object.fromEntries(await Promise.all(resolved));
}

/** A reference is a text, an object with an id, or a list of them. */
async function idsIn(at: At, kind: Kind, value: unknown): Promise<unknown> {
  if (typeof value === "string") return idOf(at, kind, value);
  if (Array.isArray(value)) return Promise.all(value.map((one) => idsIn(at, kind, one)));
  if (typeof value !== "object" || value === null || !("id" in value)) return value;
  return { ...value, id: await idsIn(at, kind, value.id) };
}

async function idOf({ context, caller }: At, kind: Kind, wanted: string): Promise<string> {
  // Objects may have the empty name.
  if (wanted === "") return wanted;
  const found =
    kind === "access_point" ? accessPointsNamed(context, wanted) : await named(context, caller, kind, wanted);
  if (found.includes(wanted)) return wanted;
  if (found.length > 1) throw violation("ambiguous-name", { name: wanted, ids: found.join(", ") });
  return found[0] ?? wanted;
}

/** Most ids that a message lists. */
const mostListed = 10;

function named(context: Host["context"], caller: Caller, kind: NamedTable, wanted: string): Promise<string[]> {
  // Operators administer the instances of all product accounts.
  const tenantId = kind === "instance" && operates(caller) ? undefined : caller.tenant.id;
  return idsNamed(context.store, kind, tenantId, wanted, mostListed);
}

const accessPointsNamed = (context: Host["context"], wanted: string): string[] =>
  context.accessPoints
    .list()
    .filter(({ id, name }) => id === wanted || name === wanted)
    .map(({ id }) => id);
