import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { callClientApi, type StockSession, stockWireguard } from "../harness/stock.ts";
import { until } from "../harness/wait.ts";
import { type Campus, host4 } from "./campus.ts";
import type { Sent } from "./persistent.ts";

const hello = { version: "0.1.0" };
let links = 0;

/**
 * A client that ignores the cloud instance: a stock WireGuard with the keys of one session, which keeps sending. It
 * runs on the client's host.
 */
export class Stubborn {
  readonly name: string;
  session!: StockSession;
  /** When the cloud answered Dial, epoch ms. */
  dialledAt = 0;
  sent: Sent = { datagrams: 0, datagramAt: 0, streamAt: 0 };
  readonly #campus: Campus;
  readonly #link = `ig${process.pid % 10_000}n${links++}`;
  readonly #table = `${200 + links}`;
  #device: ChildProcess | undefined;
  #token = "";

  constructor(campus: Campus, name: string) {
    this.#campus = campus;
    this.name = name;
  }

  #on = (args: string[]): string[] => this.#campus.machines.on("client", args);

  /** Signs in and dials; the cause code if that is refused. */
  async dial(password: string, publicKey: string): Promise<StockSession> {
    const { ready } = this.#campus.site.cloud;
    const [instance] = await this.#campus.site.sagctl<{ enterpriseCode: string }[]>(["instance", "list"]);
    const { signedIn } = await callClientApi<{ signedIn: { tokens: { accessToken: string } } }>(
      ready,
      "SignIn",
      {
        hello,
        enterpriseCode: instance?.enterpriseCode,
        userName: this.name,
        password,
        device: { id: randomBytes(16).toString("hex"), name: this.name, platform: "linux" },
      },
      undefined,
      this.#on,
    );
    this.#token = signedIn.tokens.accessToken;
    const dial = { hello, publicKey, mode: "MODE_SYSTEM" };
    const { session } = await callClientApi<{ session: StockSession }>(ready, "Dial", dial, this.#token, this.#on);
    return session;
  }

  /** Creates its account, dials, and starts to send. */
  async start(): Promise<void> {
    const { site, workspace, processes } = this.#campus;
    const password = await site.createAccount(this.name);
    const privateKey = (await must(["wg", "genkey"])).trim();
    const publicKey = (await must(["wg", "pubkey"], { stdin: privateKey })).trim();
    this.session = await this.dial(password, publicKey);
    this.dialledAt = Date.now();
    const accessPoint = this.session.accessPoints.find((one) => one.ready);
    const [endpoint] = accessPoint?.endpoints ?? [];
    if (!accessPoint || !endpoint) throw new Error("no access point was ready");
    const file = (what: string, text: string): string => {
      const path = join(workspace.dir, `${this.name}.${what}`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const [program = "", ...args] = this.#on([await stockWireguard(), "-f", this.#link]);
    this.#device = spawn(program, args, { stdio: "ignore" });
    await until("its socket", () => existsSync(`/var/run/wireguard/${this.#link}.sock`));
    const run = (...command: string[]): Promise<string> => must(this.#on(command));
    const peer = ["peer", accessPoint.publicKey, "preshared-key", file("psk", accessPoint.presharedKey)];
    const allowed = [...this.session.routes, `${accessPoint.probeAddress}/128`].join(",");
    const where = ["endpoint", `${endpoint.host}:${endpoint.port}`, "allowed-ips", allowed];
    await run("wg", "set", this.#link, "private-key", file("key", privateKey), ...peer, ...where);
    await run("ip", "link", "set", this.#link, "mtu", `${this.session.mtu}`, "up");
    for (const address of this.session.addresses) {
      const family = address.includes(":") ? "-6" : "-4";
      await run("ip", "addr", "add", address, "dev", this.#link, ...(family === "-6" ? ["nodad"] : []));
      await run("ip", family, "route", "add", "default", "dev", this.#link, "table", this.#table);
      await run("ip", family, "rule", "add", "from", address, "lookup", this.#table);
    }
    const [address = "", address6 = ""] = this.session.addresses.map((one) => one.split("/")[0]);
    await processes.start({
      name: this.name,
      command: this.#on([
        ...[at("node_modules/.bin/node"), at("test/system/persistent.ts"), this.name, host4],
        ...[address, address6, accessPoint.probeAddress, this.session.sessionId],
      ]),
      onLine: (line) => {
        if (typeof line.datagrams === "number") this.sent = line as unknown as Sent;
      },
    });
  }

  /** Ends the device; the process that sends ends with the campus. */
  stop(): void {
    this.#device?.kill("SIGTERM");
  }
}
