import { spawnSync } from "node:child_process";
import { sagCommand } from "./sag-command.ts";

/**
 * Makes Git's ssh use the tunnel, because Git does not pass its proxy settings on to ssh. Leaves the environment
 * alone if GIT_SSH_COMMAND or GIT_SSH is set; options from core.sshCommand are kept.
 */
export function gitSsh(env: NodeJS.ProcessEnv, intranetId: string): Record<string, string> {
  if (env.GIT_SSH_COMMAND || env.GIT_SSH) return {};
  const asked = spawnSync("git", ["config", "--get", "core.sshCommand"], { encoding: "utf8", env });
  // Git is not installed.
  if (asked.error) return {};
  const ssh = asked.stdout.trim() || "ssh";
  const proxy = `${sagCommand()} ssh-proxy --intranet ${intranetId} %h %p`;
  return { GIT_SSH_COMMAND: `${ssh} -o ProxyCommand='${proxy.replaceAll("'", "'\\''")}'` };
}
