import { basename } from "node:path";
import { killCommands } from "../harness/command.ts";
import { addresses, domain, filePath, fileSize, portalText, portalUrl, uploadPath } from "../harness/intranet/plan.ts";
import { fetchByHttp, fetchBySocks, fetchDirectly } from "../harness/net/fetch.ts";
import { downloadRate, echoLatency, median, uploadRate } from "../harness/net/measure.ts";
import { Person, type Seen } from "../harness/person.ts";
import { logsIn, Processes, tailOf } from "../harness/processes.ts";
import { Site, uncapped, userName } from "../harness/site.ts";
import { createWorkspace, endProcessesOf, type Workspace } from "../harness/workspace.ts";
import { printByHand } from "./by-hand.ts";
import { Steps } from "./steps.ts";

/** The last line of `--json`. */
export interface TrialResult {
  ok: true;
  link: string;
  user: string;
  password: string;
  portalUrl: string;
  socks: string;
  http: string;
  /** Median of 20 round trips to the echo service, ms. */
  latencyMs: number;
  /** Mbit/s. */
  mbps: { down: number; up: number };
  pids: Record<string, number>;
}

/** Time limit of a fetch without the tunnel, ms. */
const directPatience = 3_000;
const rounds = 20;

/** One trial, from starting the company to fetching the page of its intranet. */
export class Trial {
  readonly steps = new Steps();
  readonly #workspace: Workspace = createWorkspace("trial");
  readonly #processes = new Processes(this.#workspace.logs);
  readonly #site: Site;
  readonly #person = new Person(this.#workspace.home(userName));
  #tunnel: number | undefined;

  constructor(listen: string) {
    this.#site = new Site(this.#processes, this.#workspace, listen);
  }

  async perform(keep: boolean): Promise<TrialResult> {
    const { password, link } = await this.#company();
    await this.steps.step(
      "fetch the portal without the tunnel: this must fail",
      () => mustFail(() => fetchDirectly(portalUrl, directPatience)),
      (why) => why,
    );
    await this.steps.step(`sag sign-in LINK --user ${userName}`, () => this.#person.signIn(link, userName, password));
    const seen = await this.steps.step(
      "sag connect",
      () => this.#person.connect(),
      (state) => `${state.clientIp} by ${state.accessPoint?.name}`,
    );
    this.#tunnel = seen.pid ?? undefined;
    const figures = await this.#visit(seen);
    const result: TrialResult = {
      ok: true,
      link,
      user: userName,
      password,
      portalUrl,
      socks: given(seen.socks),
      http: given(seen.http),
      ...figures,
      pids: this.#pids(),
    };
    if (keep)
      printByHand({ link, user: userName, password, portalUrl, seen, env: this.#person.env, data: this.#site.data });
    else await this.#leave(seen);
    return result;
  }

  /** Starts the company: cloud instance, accounts, access points, intranet. */
  async #company(): Promise<{ password: string; link: string }> {
    const site = this.#site;
    await this.steps.step(
      "start sag-cloud and the intranet",
      async () => (await Promise.all([site.startCloud(), site.startIntranet()]))[0],
      (cloud) => cloud.ready.url,
    );
    const [password, link, token] = await this.steps.step(
      "sagctl: instance, account without the usual cap of 2,000 Kbit/s, enrolment link",
      async () => {
        const [token] = await Promise.all([site.createToken(2), site.createInstance()]);
        return Promise.all([site.createAccount(userName, uncapped), site.createLink(), token]);
      },
    );
    await this.steps.step(
      "start two access points",
      () => Promise.all(["access-point-1", "access-point-2"].map((name) => site.startAccessPoint(name, { token }))),
      (all) => all.map((one) => one.ready.endpoint).join(", "),
    );
    return { password, link };
  }

  /** Does what a connected user does. */
  async #visit(seen: Seen): Promise<{ latencyMs: number; mbps: { down: number; up: number } }> {
    const socks = given(seen.socks);
    const page = await this.steps.step(
      `fetch ${portalUrl} through SOCKS5 at ${socks}`,
      () => fetchBySocks(socks, portalUrl),
      shown,
    );
    await this.steps.step(
      `the same through the HTTP proxy at ${seen.http}`,
      () => fetchByHttp(given(seen.http), portalUrl),
      shown,
    );
    if (!page.text.includes(portalText))
      throw new Error(`the portal answered something else: ${page.text.slice(0, 200)}`);
    const latencyMs = await this.steps.step(
      `${rounds} round trips to echo.${domain} (${addresses.echo})`,
      () => echoLatency(socks, `echo.${domain}`, 7, rounds),
      (ms) => `median ${ms.toFixed(2)} ms`,
    );
    await this.steps.step(
      `${rounds} fetches of the portal`,
      () => fetchLatency(socks),
      (ms) => `median ${ms.toFixed(2)} ms`,
    );
    const url = (path: string): string => `http://files.${domain}${path}`;
    const showRate = (mbps: number): string => `${mbps.toFixed(0)} Mbit/s`;
    const down = await this.steps.step("download 64 MB", () => downloadRate(socks, url(filePath), fileSize), showRate);
    const up = await this.steps.step("upload 64 MB", () => uploadRate(socks, url(uploadPath), fileSize), showRate);
    return { latencyMs: round(latencyMs), mbps: { down: round(down), up: round(up) } };
  }

  async #leave(seen: Seen): Promise<void> {
    await this.steps.step("sag disconnect", () => this.#person.disconnect());
    await this.steps.step(
      "the same fetch again: without the tunnel it must fail",
      () => mustFail(() => fetchBySocks(given(seen.socks), portalUrl)),
      (why) => why,
    );
  }

  #pids(): Record<string, number> {
    const { cloud, intranet, accessPoints } = this.#site;
    const all = [cloud, intranet, ...accessPoints].map(({ name, pid }) => [name, pid] as const);
    return Object.fromEntries([...all, ["sag-tunnel", this.#tunnel ?? 0]]);
  }

  redact(text: string): string {
    return this.#site.redact(text);
  }

  /** Prints the last lines of every log, after a failure. */
  showLogs(): void {
    for (const file of [...logsIn(this.#workspace.logs), ...this.#person.logs()]) {
      const tail = this.redact(tailOf(file, 8));
      if (tail) process.stderr.write(`\n${basename(file)}\n${tail}\n`);
    }
  }

  /** Stops everything and removes the directory. Returns the leftover processes that it ended. */
  async end(): Promise<{ pid: number; command: string }[]> {
    killCommands();
    if (this.#tunnel !== undefined) await this.#person.sag(["disconnect", "--json"]).catch(() => {});
    await this.#processes.stopAll();
    const left = await endProcessesOf(this.#workspace.dir);
    this.#workspace.remove();
    return left;
  }
}

const given = (value: string | null): string => {
  if (!value) throw new Error("sag connect printed no proxy address");
  return value;
};

const round = (value: number): number => Math.round(value * 100) / 100;

/** The page's heading and text. */
const shown = ({ status, text }: { status: number; text: string }): string => {
  const heading = /<h1>(.*?)<\/h1>/.exec(text)?.[1];
  return `${status}: ${heading ?? text.slice(0, 80)}`;
};

const fetchLatency = async (socks: string): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await fetchBySocks(socks, portalUrl);
    times.push(performance.now() - start);
  }
  return median(times);
};

/** Returns why it failed. */
const mustFail = async (fetch: () => Promise<unknown>): Promise<string> => {
  const outcome = await fetch().then(
    () => undefined,
    (error: Error & { code?: string }) => error.code ?? error.message,
  );
  if (outcome === undefined) throw new Error("the intranet was reached without the tunnel");
  return outcome;
};
