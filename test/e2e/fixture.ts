import { afterAll, beforeAll, beforeEach, onTestFailed } from "vitest";
import { Person, type Seen } from "../harness/person.ts";
import { logsIn, Processes, tailOf } from "../harness/processes.ts";
import { Site, userName } from "../harness/site.ts";
import { createWorkspace, endProcessesOf, type Workspace } from "../harness/workspace.ts";

export interface Options {
  /** Default 1. */
  accessPoints?: number;
  /** Address it listens at; default 127.0.0.1. */
  host?: () => string;
  /** Where people's commands run; default: on this machine. */
  on?: () => (args: string[]) => string[];
  /** Of clients' addresses. */
  cidr?: string;
  /** Something to be set before anybody dials. */
  prepare?: (site: Site) => Promise<void>;
}

/** A company for the tests of one file, with one person who has a link. Everything is gone after the last test. */
export class Company {
  workspace!: Workspace;
  processes!: Processes;
  site!: Site;
  anna!: Person;
  link!: string;
  password!: string;
  readonly #people: Person[] = [];
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const options = this.#options;
    this.workspace = createWorkspace("e2e");
    this.processes = new Processes(this.workspace.logs);
    this.site = new Site(this.processes, this.workspace, options.host?.());
    const { site } = this;
    await Promise.all([site.startCloud(), site.startIntranet()]);
    const count = options.accessPoints ?? 1;
    const [token] = await Promise.all([site.createToken(Math.max(count, 1)), site.createInstance(options.cidr)]);
    await options.prepare?.(site);
    [this.password, this.link] = await Promise.all([site.createAccount(), site.createLink()]);
    for (let i = 1; i <= count; i++) await site.startAccessPoint(`access-point-${i}`, { token });
    this.anna = this.person(userName);
  }

  /** Somebody with a home of their own, new every time. */
  person(name = "somebody"): Person {
    const person = new Person(this.workspace.home(`${name}-${this.#people.length + 1}`), this.#options.on?.());
    this.#people.push(person);
    return person;
  }

  /** Signs in somebody new and connects. */
  async connected(...args: string[]): Promise<{ person: Person; seen: Seen }> {
    const person = this.person();
    await person.signIn(this.link, userName, this.password);
    return { person, seen: await person.connect(...args) };
  }

  logs(): string {
    const files = [...logsIn(this.workspace.logs), ...this.#people.flatMap((person) => person.logs())];
    return files.map((file) => `${file}\n${tailOf(file)}`).join("\n");
  }

  async end(): Promise<void> {
    await endProcessesOf(this.workspace.dir);
    await this.processes.stopAll();
    await endProcessesOf(this.workspace.dir);
    this.workspace.remove();
  }
}

/** Starts a company before the tests of a file, and ends it after them. */
export const givenCompany = (options: Options = {}): Company => {
  const company = new Company(options);
  beforeAll(() => company.start());
  beforeEach(() => onTestFailed(() => console.error(company.logs())));
  afterAll(() => company.end());
  return company;
};
