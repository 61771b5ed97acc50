import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import { type CommandOptions, command, type Done } from "./command.ts";
import { logsIn } from "./processes.ts";

/** The parts of an intranet's state in `sag … --json` that tests use. */
export interface Seen {
  phase: string;
  /** The cause's code. */
  cause: string | null;
  /** What the cause says, and what to do. */
  message?: string;
  action?: string;
  /** Who can fix it; only with a cause. */
  fixer?: string;
  intranet: string;
  mode: string | null;
  blocking: string;
  clientIp: string | null;
  accessPoint: { id: string; name: string; endpoint: string } | null;
  socks: string | null;
  http: string | null;
  pac: string | null;
  machine: {
    routes: string[];
    rules: string[];
    names: {
      backend: string;
      domains: string[];
      everything: boolean;
      searchDomains: string[];
      trouble: string | null;
    } | null;
  } | null;
  pid: number | null;
  warnings: { code: string; message: string }[];
  session: {
    id: string;
    leaseMs: number;
    leaseLeftMs: number;
    renewals: number;
    keyExchange: string;
    presharedKey: boolean;
    routes: string[];
    dnsSearchDomains: string[];
    bandwidthKbps: number | null;
  } | null;
  hops: { kind: string; name: string; whole: boolean; missing: { code: string; fixer: string } | null }[];
  rxBytes: number;
  txBytes: number;
}

/** The output of `sag … --json` on failure. */
export interface Failed {
  cause: string;
  message: string;
  action: string;
}

/** Right after the verb, because arguments after a command of `sag run` belong to that command. */
const withJson = ([verb = "", ...rest]: string[]): string[] => [verb, "--json", ...rest];

/** A user with their own home directory who runs `sag` commands. */
export class Person {
  readonly env: NodeJS.ProcessEnv;
  /** Wraps a command so that it runs on their host, for example a namespace's `exec`. */
  readonly #on: (args: string[]) => string[];

  constructor(env: NodeJS.ProcessEnv, on: (args: string[]) => string[] = (args) => args) {
    this.env = env;
    this.#on = on;
  }

  /** Runs any command with their environment, on their host. */
  run(args: string[], options: CommandOptions = {}): Promise<Done> {
    return command(this.#on(args), { env: this.env, ...options });
  }

  /** Runs `sag` with these arguments; any exit code is accepted. */
  sag(args: string[], options: CommandOptions = {}): Promise<Done> {
    return this.run([at("bin/sag"), ...args], options);
  }

  /** Runs `sag … --json`; returns what it printed, or throws its error output. */
  async json<T>(args: string[], options: CommandOptions = {}): Promise<T> {
    const done = await this.sag(withJson(args), options);
    if (done.code === 0) return JSON.parse(done.stdout);
    throw new Error(`sag ${args.join(" ")} ended with ${done.code}: ${done.stdout}${done.stderr}`.trim());
  }

  /** Runs `sag … --json`, which has to fail; returns its exit code and output. */
  async failure(args: string[], options: CommandOptions = {}): Promise<Failed & { code: number; stderr: string }> {
    const done = await this.sag(withJson(args), options);
    if (done.code === 0) throw new Error(`sag ${args.join(" ")} did not fail: ${done.stdout}`);
    return { ...JSON.parse(done.stdout), code: done.code, stderr: done.stderr };
  }

  /** The log files of their sag-tunnel processes. */
  logs(): string[] {
    return logsIn(join(this.env.XDG_STATE_HOME ?? "", "sag", "log"));
  }

  signIn(link: string, user: string, password: string): Promise<unknown> {
    return this.json(["sign-in", link, "--user", user, "--password-stdin", "--store", "file"], { stdin: password });
  }

  connect(...args: string[]): Promise<Seen> {
    return this.json(["connect", ...args]);
  }

  async status(): Promise<Seen> {
    const [only] = await this.json<Seen[]>(["status"]);
    if (!only) throw new Error("sag status knows no intranet");
    return only;
  }

  disconnect(): Promise<Seen> {
    return this.json(["disconnect"]);
  }
}
