import { spawn } from "node:child_process";
import { constants } from "node:os";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { systemCode } from "../../core/causes/system.ts";
import type { IntranetState } from "../../core/client/model.ts";
import { connectedIntranet } from "../connected.ts";
import type { Context } from "../context.ts";
import { gitSsh } from "../git-ssh.ts";
import { commandEnvironment } from "../proxies.ts";
import { unproxiedHint } from "../unproxied.ts";
import type { Verb } from "../verb.ts";

/** Runs a command with the intranet's proxies in its environment and returns its exit code. */
export const run: Verb<[string[]], { intranet?: string; isolate?: boolean }> = async (context, flags, command) => {
  const { isolation } = await import("../isolate.ts");
  const inside = isolation();
  const state = await connectedIntranet(context, flags.intranet ?? (inside || undefined));
  if (inside && inside !== state.intranetId) {
    throw new Failure("invalid_argument", {
      text: texts.cli.reach.otherNetwork(state.intranet),
    });
  }
  const { socks, http, intranetId } = state;
  const [program = "", ...args] = command;
  if (flags.isolate && inside === null) return isolated(context, state, command);
  let { env } = process;
  // Nothing is set in system mode and in an isolated network: there all traffic uses the tunnel anyway.
  if (socks && http && inside === null) {
    const hint = unproxiedHint(program);
    if (hint) context.output.say(`sag: ${hint}`);
    env = { ...commandEnvironment(env, program, { socks, http }), ...gitSsh(env, intranetId) };
  }
  const child = spawn(program, args, { env, stdio: "inherit" });
  // The terminal sends Ctrl-C to the command as well, and the command decides what it means.
  context.leaveSignals((name) => name !== "SIGINT" && child.kill(name));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(notRunnable(program, systemCode(error))));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
};

async function isolated(context: Context, state: IntranetState, command: string[]): Promise<number> {
  const { spawnIsolated } = await import("../isolate.ts");
  const { child, failed } = spawnIsolated(state, command);
  context.leaveSignals((name) => name !== "SIGINT" && child.kill(name));
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(notRunnable("sag-tunnel", systemCode(error))));
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  const [code, failure] = await Promise.all([ended, failed]);
  if (failure) throw failure;
  return code;
}

function notRunnable(program: string, code: string): Failure {
  return code === "ENOENT"
    ? new Failure("not_found", { text: texts.cli.reach.noProgram(program) })
    : new Failure("not_permitted", { subject: program });
}
