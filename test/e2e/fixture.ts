import { afterAll, beforeAll, beforeEach, expect, onTestFailed } from "vitest";
import { Person, type Seen } from "../harness/person.ts";
import { logsIn, Processes, tailOf } from "../harness/processes.ts";
import { Site, uncapped, userName } from "../harness/site.ts";
import { chooseSeed, describeVariation, draw, ordinary } from "../harness/variation.ts";
import { createWorkspace, endProcessesOf, type Workspace } from "../harness/workspace.ts";

export interface Options {
  /** Default 1. */
  accessPoints?: number;
  /** Address the cloud instance listens on; default 127.0.0.1. */
  host?: () => string;
  /** Wraps people's commands; default: they run on this host. */
  on?: () => (args: string[]) => string[];
  /** The range of client addresses. */
  cidr?: string;
  /** Without variations of host and network: for tests about time, or about one of the variations. */
  ordinary?: boolean;
  /** The account has no bandwidth limit: for tests about speed, or with large files. */
  uncapped?: boolean;
  /** Runs before anyone dials. */
  prepare?: (site: Site) => Promise<void>;
}

/** A company for the tests of one file, with an enrolment link. Everything is removed after the last test. */
export class Company {
  workspace!: Workspace;
  processes!: Processes;
  site!: Site;
  anna!: Person;
  link!: string;
  password!: string;
  readonly #people: Person[] = [];
  readonly #options: Options;
  readonly #seed = chooseSeed();
  #variation = ordinary;

  constructor(options: Options) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const options = this.#options;
    if (!options.ordinary) this.#variation = draw(expect.getState().testPath ?? "", this.#seed);
    this.workspace = createWorkspace("e2e");
    this.processes = new Processes(this.workspace.logs);
    this.site = new Site(this.processes, this.workspace, options.host?.(), this.#variation);
    const { site } = this;
    await Promise.all([site.startCloud(), site.startIntranet()]);
    const count = options.accessPoints ?? 1;
    const [token] = await Promise.all([site.createToken(Math.max(count, 1)), site.createInstance(options.cidr)]);
    await options.prepare?.(site);
    [this.password, this.link] = await Promise.all([
      site.createAccount(userName, options.uncapped ? uncapped : undefined),
      site.createLink(),
    ]);
    for (let i = 1; i <= count; i++) await site.startAccessPoint(`access-point-${i}`, { token });
    this.anna = this.person(userName);
  }

  /** A new person with their own home directory. */
  person(name = "somebody"): Person {
    const person = new Person(
      this.workspace.home(`${name}-${this.#people.length + 1}`, this.#variation.runtimeDir),
      this.#options.on?.(),
    );
    this.#people.push(person);
    return person;
  }

  /** Signs in a new person and connects. */
  async connected(...args: string[]): Promise<{ person: Person; seen: Seen }> {
    const person = this.person();
    await person.signIn(this.link, userName, this.password);
    return { person, seen: await person.connect(...args) };
  }

  logs(): string {
    const files = [...logsIn(this.workspace.logs), ...this.#people.flatMap((person) => person.logs())];
    const shown = files.map((file) => `${file}\n${tailOf(file)}`);
    return [describeVariation(this.#variation, this.#seed), ...shown].join("\n");
  }

  async end(): Promise<void> {
    await endProcessesOf(this.workspace.dir);
    await this.processes.stopAll();
    await endProcessesOf(this.workspace.dir);
    this.workspace.remove();
  }
}

/** Starts a company before the tests of a file, and stops it after them. */
export const givenCompany = (options: Options = {}): Company => {
  const company = new Company(options);
  beforeAll(() => company.start());
  beforeEach(() => onTestFailed(() => console.error(company.logs())));
  afterAll(() => company.end());
  return company;
};
