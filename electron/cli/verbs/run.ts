import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Failure } from "../../core/causes/failure.ts";
import { systemCode } from "../../core/causes/system.ts";
import { connectedIntranet } from "../connected.ts";
import { proxyVariables } from "../proxies.ts";
import type { Verb } from "../verb.ts";

/** Runs a command that finds the intranet's proxies in its environment; its exit code is passed on. */
export const run: Verb<[string[]], { intranet?: string }> = async (context, flags, command) => {
  const { socks, http } = await connectedIntranet(context, flags.intranet);
  const [program = "", ...args] = command;
  // In system mode there is nothing to set: it is inside like every program.
  const env = { ...process.env, ...(socks && http ? proxyVariables(socks, http) : {}) };
  const child = spawn(program, args, { env, stdio: "inherit" });
  // Ctrl-C reaches the command by the terminal; what it means is for the command to say.
  context.leaveSignals((name) => name !== "SIGINT" && child.kill(name));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(notRunnable(program, systemCode(error))));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
};

function notRunnable(program: string, code: string): Failure {
  return code === "ENOENT"
    ? new Failure("not_found", { text: `There is no program ${program}.` })
    : new Failure("not_permitted", { subject: program });
}
