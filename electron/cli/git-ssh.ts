import { spawnSync } from "node:child_process";
import { sagCommand } from "./sag-command.ts";

/**
 * Git's ssh, through the tunnel: Git passes no proxy on to ssh. Not where a person has set one by the environment; one of Git's
 * configuration keeps its options.
 */
export function gitSsh(env: NodeJS.ProcessEnv, intranetId: string): Record<string, string> {
  if (env.GIT_SSH_COMMAND || env.GIT_SSH) return {};
  const asked = spawnSync("git", ["config", "--get", "core.sshCommand"], { encoding: "utf8", env });
  // No Git: nothing to set.
  if (asked.error) return {};
  const ssh = asked.stdout.trim() || "ssh";
  const proxy = `${sagCommand()} ssh-proxy --intranet ${intranetId} %h %p`;
  return { GIT_SSH_COMMAND: `${ssh} -o ProxyCommand='${proxy.replaceAll("'", "'\\''")}'` };
}
