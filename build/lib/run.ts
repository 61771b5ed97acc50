import { type SpawnOptions, spawn } from "node:child_process";
import { Trouble } from "./say.ts";

/** Runs a program with its output on our stderr. Throws a Trouble with the program's name if it cannot be started or fails. */
export const run = (program: string, args: string[], options: SpawnOptions = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", 2, 2] });
    // Stop the build when the process that started it ends.
    const stop = (): void => void child.kill();
    process.once("exit", stop);
    child.once("exit", () => process.off("exit", stop));
    child.once("error", (error) => reject(new Trouble(`${program}: ${error.message}`)));
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Trouble(`${program} ${args.slice(0, 2).join(" ")} ended with ${signal ?? code}`));
    });
  });
