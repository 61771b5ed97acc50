import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "../host/environment.ts";

/** The behaviour of a fake sag-tunnel after Start. */
export interface TunnelScript {
  /** connected: up after Start; silent: stays connecting; ends: up for 200 ms, then its sign-in ends; otherwise failed with this cause. */
  outcome?: string;
  /** Listeners that are in use: Start answers port_in_use. */
  taken?: string[];
  /** The result of resuming a session file. */
  resume?: "connected" | "session_expired";
}

/**
 * Configures `environment` with a fake sag-tunnel: a real process with the real local protocol but without a tunnel.
 * Returns a handle for the processes that were started.
 */
export function useFakeTunnel(
  environment: Environment & { remove?(): void },
  script: TunnelScript = {},
): { kill(): void; pids(): number[] } {
  const program = fileURLToPath(new URL("./tunnel-process.ts", import.meta.url));
  const children: ChildProcess[] = [];
  const binary = join(dirname(environment.runtimeDir), "sag-tunnel");
  mkdirSync(dirname(binary), { recursive: true });
  const quoted = JSON.stringify(script).replaceAll("'", "");
  writeFileSync(binary, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@" '${quoted}'\n`, { mode: 0o700 });
  environment.tunnelBinary = binary;
  environment.spawn = (command, args, options) => {
    const child = spawn(command, args, options);
    children.push(child);
    return child;
  };
  const running = (): number[] => children.flatMap((one) => (one.pid && isRunning(one.pid) ? [one.pid] : []));
  const kill = (): void => {
    for (const pid of running()) process.kill(pid, "SIGKILL");
  };
  // Kills processes that a test leaves running.
  const { remove } = environment;
  if (remove) {
    environment.remove = () => {
      kill();
      remove.call(environment);
    };
  }
  return { kill, pids: running };
}

/** Whether the process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
