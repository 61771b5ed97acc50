import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";
import { addresses, domain, network } from "./intranet/plan.ts";
import type { Processes, Running } from "./processes.ts";
import { ordinary, type Variation } from "./variation.ts";
import type { Workspace } from "./workspace.ts";

export interface CloudReady {
  url: string;
  pin: string;
  pid: number;
}

export interface AccessPointReady {
  id: string;
  endpoint: string;
  pid: number;
}

export interface IntranetReady {
  portal: string;
  names: string;
  echo: string;
  pid: number;
}

export type Cloud = Running<CloudReady>;
export type AccessPoint = Running<AccessPointReady>;
export type Intranet = Running<IntranetReady>;

/** The account used by trial and tests. */
export const userName = "anna.meyer";
export const instanceName = "Trial";

/** The bandwidth of an account without a limit, for measurements of speed. */
export const uncapped = 0;

/** The range of client addresses. */
const clientNetwork = "10.78.0.0/24";

/**
 * A company that uses SAG: a cloud instance, access points and an intranet, each its own process, administered with
 * `sagctl`. Its files are below the workspace's directory.
 */
export class Site {
  readonly processes: Processes;
  readonly workspace: Workspace;
  /** The address that its servers listen on. */
  readonly host: string;
  /** Secrets to remove from logs that are shown. */
  readonly secrets: string[] = [];
  cloud!: Cloud;
  intranet!: Intranet;
  readonly accessPoints: AccessPoint[] = [];
  /** Further services that access points publish, ADDRESS:PORT=TARGET. */
  readonly published: string[] = [];

  /** The drawn variation of host and network. */
  readonly variation: Variation;

  constructor(processes: Processes, workspace: Workspace, host = "127.0.0.1", variation: Variation = ordinary) {
    this.variation = variation;
    this.processes = processes;
    this.workspace = workspace;
    this.host = host;
  }

  get data(): string {
    return join(this.workspace.dir, "cloud");
  }

  /**
   * `listen`: HOST:PORT, to restart it at the same address. `on`: wraps the command so that it runs on the cloud's
   * host.
   */
  async startCloud(listen = `${this.host}:0`, on = (args: string[]): string[] => args): Promise<Cloud> {
    const command = on([at("bin/sag-cloud"), "serve", "--data", this.data, "--listen", listen, "--json"]);
    this.cloud = await this.processes.start<CloudReady>({ name: "sag-cloud", command });
    return this.cloud;
  }

  async startIntranet(): Promise<Intranet> {
    const portal = join(this.workspace.dir, "portal.sock");
    rmSync(portal, { force: true });
    const main = at("test/harness/intranet/main.ts");
    const command = [at("node_modules/.bin/node"), main, "--portal", portal, "--names", this.variation.nameServer];
    this.intranet = await this.processes.start<IntranetReady>({
      name: "intranet",
      command,
      onLine: (line) => {
        if (typeof line.asked === "string") this.questions.push(line.asked);
      },
    });
    return this.intranet;
  }

  /** The queries that the intranet's name server received. */
  readonly questions: string[] = [];

  /** Runs `sagctl … --json`; returns what it printed. */
  async sagctl<T>(args: string[], stdin?: string): Promise<T> {
    const command = [at("bin/sagctl"), "--data", this.data, ...args, "--json"];
    return JSON.parse(await must(command, stdin === undefined ? {} : { stdin }));
  }

  /** Creates an instance with the intranet's routes and DNS. */
  async createInstance(cidr = clientNetwork): Promise<void> {
    await this.sagctl(["instance", "create", instanceName, "--cidr", cidr]);
    await Promise.all([
      this.sagctl(["route", "add", network]),
      this.sagctl(["dns", "set", "--server", addresses.names, "--domain", domain]),
    ]);
  }

  /** Creates an account and returns its password; `bandwidth` is its limit in Kbit/s, by default the product's. */
  async createAccount(user = userName, bandwidth?: number): Promise<string> {
    const password = `p${randomBytes(12).toString("base64url")}`;
    this.secrets.push(password);
    const cap = bandwidth === undefined ? [] : ["--bandwidth", `${bandwidth}`];
    const args = ["account", "create", user, "--mail", `${user}@${domain}`, ...cap, "--password-stdin"];
    await this.sagctl(args, password);
    return password;
  }

  async createLink(): Promise<string> {
    return (await this.sagctl<{ link: string }>(["link", "create"])).link;
  }

  async createToken(uses: number): Promise<string> {
    const { token } = await this.sagctl<{ token: string }>(["access-point", "token", "create", "--uses", `${uses}`]);
    this.secrets.push(token);
    return token;
  }

  /** Starts an access point; without a token it continues with its previous state and identity. */
  async startAccessPoint(
    name: string,
    options: { token?: string; listen?: string; advertise?: string; cloud?: string } = {},
  ): Promise<AccessPoint> {
    const { url, pin } = this.cloud.ready;
    const { portal, names, echo } = this.intranet.ready;
    const publish = [
      `${addresses.portal}:80=unix:${portal}`,
      `${addresses.names}:53=${names}`,
      `${addresses.echo}:7=${echo}`,
      ...this.published,
    ].flatMap((one) => ["--publish", one]);
    const state = join(this.workspace.dir, name);
    const listen = options.listen ?? `${this.host}:0`;
    const flags = [
      "--name",
      name,
      "--cloud",
      options.cloud ?? url,
      "--pin",
      pin,
      "--state",
      state,
      "--listen",
      listen,
      ...(options.advertise ? ["--advertise", options.advertise] : []),
      ...publish,
      "--json",
    ];
    const accessPoint = await this.processes.start<AccessPointReady>({
      name,
      command: [at("bin/sag-access-point"), "run", ...flags, ...(options.token ? ["--token-stdin"] : [])],
      ...(options.token ? { stdin: `${options.token}\n` } : {}),
    });
    this.accessPoints.push(accessPoint);
    return accessPoint;
  }

  /** Removes all known secrets from a text. */
  redact(text: string): string {
    return this.secrets.reduce((shown, secret) => shown.replaceAll(secret, "[redacted]"), text);
  }
}
