import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { invalid, type Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";

/** Names that sag-cloud or the file system creates in the data directory. */
const own =
  /^(cloud\.db|keys\.db)(-wal|-shm|-journal)?$|^(lock(-journal)?|admin\.sock|tls|outbox|replaced-.*|\.restored?-.*|lost\+found|\.nfs.*)$/;

/** Names that identify a source checkout, where `git clean` would delete the data. */
const source = /^(\.git|package\.json|.*\.(ts|js|go))$/;

/**
 * Why a directory must not be used as a data directory: it is a source checkout or, before the first start, contains other files. Once
 * it is in use, an administrator may add files. undefined = it may be used.
 */
export function foreignRefusal(directory: string): Refusal | undefined {
  if (!existsSync(directory)) return undefined;
  const names = readdirSync(directory);
  const isUsed = names.includes("cloud.db");
  const code = names.find((name) => source.test(name));
  if (code !== undefined) {
    return invalid(
      "data",
      say(isUsed ? "storage_in_checkout" : "storage_is_checkout", { path: directory, file: code }),
    );
  }
  const foreign = isUsed ? undefined : names.find((name) => !own.test(name));
  return foreign === undefined
    ? undefined
    : invalid("data", say("storage_foreign", { path: join(directory, foreign) }));
}
