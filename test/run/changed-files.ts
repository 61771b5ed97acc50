import { execFileSync } from "node:child_process";
import { root } from "../../build/lib/root.ts";
import { Trouble } from "../../build/lib/say.ts";

const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" });
const lines = (text: string): string[] => text.split("\n").filter(Boolean);

const tryGit = (...args: string[]): string | undefined => {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
};

/**
 * The base of a change: `wanted`, or else the commit where this branch left main. On main itself it is the last
 * commit, or the one before if nothing is uncommitted.
 */
export const baseOf = (wanted: string | undefined): string => {
  if (wanted !== undefined) {
    const commit = tryGit("rev-parse", "--verify", `${wanted}^{commit}`);
    if (!commit) throw new Trouble(`there is no commit ${wanted}`);
    return commit;
  }
  const head = git("rev-parse", "HEAD").trim();
  const fork = tryGit("merge-base", "HEAD", "origin/main") ?? tryGit("merge-base", "HEAD", "main");
  if (fork && fork !== head) return fork;
  const isDirty = git("status", "--porcelain").trim() !== "";
  return isDirty ? head : (tryGit("rev-parse", "HEAD~1") ?? head);
};

/** Paths that differ from the base, committed or not, including new files, without deleted ones. */
export const changedFiles = (base: string): string[] => {
  const tracked = lines(git("diff", "--name-only", "--diff-filter=d", base));
  const added = lines(git("ls-files", "--others", "--exclude-standard"));
  return [...new Set([...tracked, ...added])].sort();
};

/** All files that are tracked by git or could be added. */
export const allFiles = (): string[] =>
  lines(git("ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"));
