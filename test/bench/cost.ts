import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** CPU time of all threads of the processes, s; read from the scheduler in ns. */
export const cpuSeconds = (pids: number[]): number => {
  let ns = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return ns / 1e9;
};

/** Peak memory of a process since `forgetPeak`, MB (VmHWM). */
export const peakMemory = (pid: number): number => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1_000;
};

/** Resets the peak (proc_pid_clear_refs(5)). */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");
