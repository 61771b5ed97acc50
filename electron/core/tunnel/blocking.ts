import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plainText } from "../causes/failure.ts";
import type { LockdownView } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";

/** A file in the service's directory, readable for everybody, that records what is blocked. */
const blockingFile = "blocking";
/** Limit, bytes; the file is one line. */
const blockingLimit = 4_096;

/** The content of the file; it stays true after the service has ended. */
export interface Written {
  holds: "none" | "intranet" | "all";
  /** null = off. */
  lockdown: Pick<LockdownView, "by" | "sinceMs" | "portal"> | null;
}

/** null: the file is missing, incomplete, or not owned by the service's user. */
export function readBlocking({ serviceDir, serviceOwner, now }: Environment): Written | null {
  const path = join(serviceDir, blockingFile);
  try {
    const file = lstatSync(path);
    if (!file.isFile() || file.uid !== serviceOwner || file.size > blockingLimit) return null;
    return parse(JSON.parse(readFileSync(path, "utf8")), now());
  } catch {
    return null;
  }
}

function parse(value: unknown, now: number): Written | null {
  if (typeof value !== "object" || value === null) return null;
  const { holds, lockdown, by, since, portal, portalUntil } = value as Record<string, unknown>;
  if (holds !== "none" && holds !== "intranet" && holds !== "all") return null;
  if (lockdown !== "on") return { holds, lockdown: null };
  const [began, leftMs] = [timeOf(since), (timeOf(portalUntil) ?? 0) - now];
  return {
    holds,
    lockdown: {
      by: by === "administrator" || by === "policy" ? by : null,
      sinceMs: began === null ? null : Math.max(0, now - began),
      portal: typeof portal === "string" && leftMs > 0 ? { link: plainText(portal, 15), leftMs } : null,
    },
  };
}

function timeOf(text: unknown): number | null {
  const ms = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
}
