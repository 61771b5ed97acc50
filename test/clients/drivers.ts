import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";

export type Product = "smartag" | "cbn";
export type Fields = Record<string, unknown>;
const versions = { smartag: "2018-03-13", cbn: "2017-09-12" } as const;

/** The server's address, an access key, and the file of the authority that signed its certificate. */
export interface Target {
  endpoint: string;
  key: string;
  secret: string;
  authority: string;
}

/** The server's answer as the official client returns it. */
export interface Answer {
  body?: Fields;
  /** Whether the client's typed classes for the operation were used instead of its generic call. */
  typed?: boolean;
  /** "Client": the failure is the client's own, described in `text`. */
  code?: string;
  status?: number;
  text?: string;
}

/** An official client in its own language, run as a process with one request per line. */
export class Driver {
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #errors = "";

  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#waiting.shift()?.(JSON.parse(line) as Answer));
    this.#child.stderr?.setEncoding("utf8").on("data", (part: string) => {
      this.#errors += part;
    });
    this.#child.stdin?.on("error", () => {});
    this.#child.on("error", (error) => this.#gone(String(error)));
    this.#child.on("close", () => this.#gone(this.#errors));
  }

  #gone(text: string): void {
    for (const give of this.#waiting.splice(0)) give({ code: "Client", text: `the client ended: ${text}` });
  }

  ask(action: string, fields: Fields, product: Product): Promise<Answer> {
    if (this.#child.exitCode !== null) return Promise.resolve({ code: "Client", text: this.#errors });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${JSON.stringify({ action, fields, product, version: versions[product] })}\n`);
    });
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Time limit for downloading a client's packages on a slow connection, ms. */
const downloadLimit = 300_000;

const source = (name: string) => at("test/clients", name);
const cache = (name: string) => at(".cache/clients", name);

/** Fills a cache directory once for the content of `files`. */
async function once(name: string, files: readonly string[], fill: (folder: string) => Promise<void>): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  const folder = cache(`${name}-${hash.digest("hex").slice(0, 16)}`);
  const complete = join(folder, ".complete");
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await fill(folder);
  writeFileSync(complete, "");
  return folder;
}

/** A Python environment with the official packages. */
async function python(): Promise<string> {
  const [build, packages] = [source("build-requirements.txt"), source("requirements.txt")];
  const version = spawnSync("python3", ["--version"], { encoding: "utf8" }).stdout;
  const folder = await once(`python-${version.trim().replace(/[^\d.]/g, "")}`, [build, packages], async (venv) => {
    await must(["python3", "-m", "venv", venv], { limit: downloadLimit });
    const pip = [
      join(venv, "bin/python"),
      "-m",
      "pip",
      "install",
      "-q",
      "--disable-pip-version-check",
      "--require-hashes",
    ];
    await must([...pip, "-r", build], { limit: downloadLimit });
    await must([...pip, "--no-build-isolation", "-r", packages], { limit: downloadLimit });
  });
  return join(folder, "bin/python");
}

/**
 * undefined if test/clients/requirements.txt supports the installed Python; otherwise the versions that it supports.
 */
export function unknownPython(): string | undefined {
  const version = spawnSync("python3", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
  return /^Python 3\.1[123]\./.test(version) ? undefined : `Python 3.11 to 3.13 (here is ${version || "none"})`;
}

const target = ({ endpoint, key, secret }: Target) => [endpoint, key, secret];

/** Each official client: how it is installed, and how it trusts the server (as in docs/admin-api.md). */
export const drivers: Record<string, (to: Target) => Promise<Driver>> = {
  "Node, pop-core": async (to) => node("pop-core", to),
  "Node, openapi-client": async (to) => node("openapi-client", to),
  "Python V1": async (to) => new Driver([await python(), source("python1.py"), ...target(to), to.authority], {}),
  "Python V2": async (to) =>
    new Driver([await python(), source("python2.py"), ...target(to)], { SSL_CERT_FILE: to.authority }),
  Go: async (to) => {
    const files = ["go.mod", "go.sum", "main.go"].map((name) => source(`go/${name}`));
    const go = await findGo();
    const folder = await once("go", files, async (out) => {
      await must([go, "build", "-o", join(out, "driver"), "."], {
        cwd: source("go"),
        env: goEnvironment(),
        limit: downloadLimit,
      });
    });
    return new Driver([join(folder, "driver"), ...target(to)], { SSL_CERT_FILE: to.authority });
  },
  Java: async (to) => {
    const files = ["pom.xml", "Driver.java"].map((name) => source(`java/${name}`));
    const folder = await once("java", files, async (out) => {
      cpSync(source("java"), out, { recursive: true });
      const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
      const maven = ["mvn", "-q", "-B", "-f", join(out, "pom.xml"), `-Dmaven.repo.local=${join(out, "repository")}`];
      await must([...maven, plugin, `-Dmdep.outputFile=${join(out, "classpath")}`], { limit: downloadLimit });
    });
    const store = join(to.authority, "..", "trust.p12");
    const password = "changeit";
    const keytool = ["keytool", "-importcert", "-noprompt", "-alias", "sag", "-file", to.authority, "-keystore", store];
    await must([...keytool, "-storepass", password]);
    const trust = [`-Djavax.net.ssl.trustStore=${store}`, `-Djavax.net.ssl.trustStorePassword=${password}`];
    const classes = readFileSync(join(folder, "classpath"), "utf8").trim();
    return new Driver(["java", ...trust, "-cp", classes, join(folder, "Driver.java"), ...target(to)], {});
  },
};

function node(which: string, to: Target): Driver {
  const command = [at("node_modules/.bin/node"), source("node.mjs"), which, ...target(to)];
  return new Driver(command, { NODE_EXTRA_CA_CERTS: to.authority });
}
