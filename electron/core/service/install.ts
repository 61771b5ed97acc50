import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import type { Environment } from "../host/environment.ts";
import { findTunnelBinary } from "../tunnel/binary.ts";
import { dialUnit, type Layout, layout, lockdownUnit, tunnelUnit } from "./layout.ts";

/** Installs the service of system mode on this computer or in an image, and removes it. Linux with systemd only. */
export class Installation {
  readonly places: Layout;
  readonly #environment: Environment;
  readonly #root: string;

  /** `root`: "" = the running system; otherwise the root directory of an image. */
  constructor(environment: Environment, root = "") {
    this.#environment = environment;
    this.#root = root;
    this.places = layout(root);
    if (environment.platform !== "linux") {
      throw new Failure("not_permitted", { text: texts.core.service.linuxOnly });
    }
    if (root !== "") return;
    if (environment.uid !== 0) {
      throw new Failure("not_permitted", { text: texts.core.service.rootOnly });
    }
    if (!existsSync("/run/systemd/system")) {
      throw new Failure("service_not_running", {
        text: texts.core.service.noSystemd,
        field: "systemd",
      });
    }
  }

  get isInstalled(): boolean {
    return existsSync(join(this.places.units, tunnelUnit));
  }

  get isEnrolled(): boolean {
    return existsSync(join(this.places.units, dialUnit));
  }

  install(): void {
    this.#guarded(() => {
      mkdirSync(this.places.library, { recursive: true, mode: 0o755 });
      place(this.places.binary, 0o755, (fresh) => copyFileSync(findTunnelBinary(this.#environment), fresh));
    });
    this.#addUnit(lockdownUnit);
    this.#addUnit(tunnelUnit);
  }

  /** Creates the directory for the dial-up's sign-in. Its parent is readable for everybody. */
  prepareState(): string {
    const { dialState } = this.places;
    this.#guarded(() => {
      mkdirSync(dirname(dialState), { recursive: true, mode: 0o755 });
      if (!existsSync(dialState)) mkdirSync(dialState, { mode: 0o700 });
    });
    return dialState;
  }

  /** Installs and starts the dial-up, once an intranet has been signed in there. */
  enroll(): void {
    const { program } = this.places;
    this.#guarded(() => {
      mkdirSync(program, { recursive: true, mode: 0o755 });
      place(join(program, "node"), 0o755, (fresh) => copyFileSync(process.execPath, fresh));
      const bundle = dirname(findBundle());
      cpSync(join(bundle, "chunks"), join(program, "chunks"), { recursive: true });
      place(join(program, "sag.mjs"), 0o644, (fresh) => copyFileSync(join(bundle, "sag.mjs"), fresh));
    });
    this.#addUnit(dialUnit);
  }

  /** Stops and removes both services with all their files, routes and rules. Returns the removed paths. */
  remove(): string[] {
    const removed: string[] = [];
    for (const unit of [dialUnit, tunnelUnit, lockdownUnit]) {
      if (!existsSync(join(this.places.units, unit))) continue;
      this.#systemctl("disable", ...(this.#root === "" ? ["--now"] : []), unit);
    }
    if (this.#root === "" && existsSync(this.places.binary)) {
      const repaired = spawnSync(this.places.binary, ["repair", "--json"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      if (repaired.status !== 0)
        throw new Failure("unknown", { text: texts.core.service.repairFailed(repaired.stderr) });
    }
    const { units, library, tunnelState, tunnelRun, dialState } = this.places;
    const own = [dialUnit, tunnelUnit, lockdownUnit].map((unit) => join(units, unit));
    const files = [...own, library, tunnelState, tunnelRun, dialState];
    this.#guarded(() => {
      // With DynamicUser=, systemd keeps the state in private/ and has a link to it in its place.
      for (const path of [...files, join(dirname(dialState), "private", basename(dialState))]) {
        if (!existsSync(path)) continue;
        rmSync(path, { recursive: true, force: true });
        removed.push(path);
      }
    });
    if (this.#root === "") this.#systemctl("daemon-reload");
    return removed;
  }

  #addUnit(name: string): void {
    this.#guarded(() => {
      mkdirSync(this.places.units, { recursive: true });
      place(join(this.places.units, name), 0o644, (fresh) => writeFileSync(fresh, readFileSync(findUnit(name))));
    });
    if (this.#root !== "") {
      this.#systemctl("enable", name);
      return;
    }
    this.#systemctl("daemon-reload");
    this.#systemctl("enable", name);
    this.#systemctl("restart", name);
  }

  #systemctl(...args: string[]): void {
    const where = this.#root === "" ? [] : [`--root=${this.#root}`];
    const ran = spawnSync("systemctl", [...where, "--quiet", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (ran.status === 0) return;
    throw new Failure("service_not_running", {
      text: texts.core.service.commandFailed(`systemctl ${args.join(" ")}`, ran.stderr || `${ran.error?.message}`),
      field: "systemctl",
    });
  }

  #guarded(change: () => void): void {
    try {
      change();
    } catch (thrown) {
      throw failureFromSystem(thrown, this.places.library);
    }
  }
}

/** Replaces a file atomically, so that a running program sees the old file or the new one. */
const place = (path: string, mode: number, write: (fresh: string) => void): void => {
  const fresh = `${path}.new`;
  write(fresh);
  chmodSync(fresh, mode);
  renameSync(fresh, path);
};

const here = dirname(fileURLToPath(import.meta.url));
const above = [here, join(here, ".."), join(here, "..", ".."), join(here, "..", "..", "..")];

const find = (what: string, candidates: string[]): string => {
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new Failure("unknown", { text: texts.core.service.incomplete(what) });
};

const findUnit = (name: string): string => {
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  return find(name, [
    ...(resources ? [join(resources, "units", name)] : []),
    ...above.map((dir) => join(dir, "build", "units", name)),
  ]);
};

const findBundle = (): string =>
  find(
    "sag.mjs",
    above.flatMap((dir) => [join(dir, "sag.mjs"), join(dir, "dist", "sag.mjs")]),
  );
