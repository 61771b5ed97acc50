import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, root } from "../../build/lib/root.ts";
import { type CommandOptions, command, type Done, must } from "./command.ts";
import { createWorkspace } from "./workspace.ts";

/** Programs that are missing on a host without compilers, Go and Node.js. */
const notThere =
  /^(cc|c\+\+|c[89]9.*|g\+\+.*|gcc.*|cpp.*|clang.*|ld(\..*)?|as|g?make|cmake|python.*|go|gofmt|node|nodejs|npm|npx|.*-linux-gnu-.*)$/;

/** The user that installs when the tests run as root. It needs no entry in /etc/passwd. */
const uid = 61_234;

/** Variables needed to reach the registries; all others are removed. */
const reaching = /^(https?_proxy|no_proxy|goproxy|gosumdb|gonosumdb|node_extra_ca_certs|ssl_cert_(file|dir))$/i;
const npmSettings = ["registry", "cafile", "proxy", "https-proxy", "noproxy"];

export interface FreshMachine {
  /** Runs a command in the checkout as an ordinary user with an empty home. */
  run(args: string[], options?: CommandOptions): Promise<Done>;
  checkout: string;
  remove(): void;
}

/**
 * A copy of this checkout's committed and changed files, for an ordinary user with this npm and Node.js, without
 * compiler and Go, and with empty caches.
 */
export const createFreshMachine = async (npm: string, node: string): Promise<FreshMachine> => {
  const workspace = createWorkspace("fresh");
  const dir = workspace.dir;
  const checkout = join(dir, "sag");
  for (const folder of ["bin", "home", "tmp", "tools"]) mkdirSync(join(dir, folder));
  copySources(checkout);
  linkTools(join(dir, "tools"));
  writeFileSync(join(dir, "tools", "package.json"), "{}");
  const platform = `node-${process.platform}-${process.arch}`;
  await must(["npm", "install", "--silent", "--no-save", `npm@${npm}`, `${platform}@${node}`], {
    cwd: join(dir, "tools"),
    limit: 240_000,
  });
  const program = join(dir, "tools/node_modules", platform, "bin/node");
  const cli = join(dir, "tools/node_modules/npm/bin/npm-cli.js");
  symlinkSync(program, join(dir, "bin/node"));
  writeFileSync(join(dir, "bin/npm"), `#!/bin/sh\nexec ${program} ${cli} "$@"\n`, { mode: 0o755 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chmodSync(dir, 0o755);
    for (const folder of ["home", "tmp", "sag"]) giveTo(uid, join(dir, folder));
  }
  const env = {
    ...registryEnvironment(),
    PATH: `${dir}/bin:${dir}/tools`,
    HOME: join(dir, "home"),
    TMPDIR: join(dir, "tmp"),
    LANG: "C.UTF-8",
  };
  return {
    checkout,
    run: (args, options) => command(args, { cwd: checkout, env, ...(isRoot ? { uid, gid: uid } : {}), ...options }),
    remove: workspace.remove,
  };
};

/** Copies the committed and changed files of this checkout. */
export const copySources = (to: string): void => {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of list.toString().split("\0")) {
    if (!file || !existsSync(at(file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(at(file), join(to, file), { verbatimSymlinks: true });
  }
};

const linkTools = (to: string): void => {
  const linked = new Set<string>();
  for (const folder of ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].filter(existsSync)) {
    for (const name of readdirSync(folder)) {
      if (notThere.test(name) || linked.has(name)) continue;
      symlinkSync(join(folder, name), join(to, name));
      linked.add(name);
    }
  }
};

const giveTo = (user: number, path: string): void => {
  execFileSync("chown", ["-Rh", `${user}:${user}`, path]);
};

/** The environment variables needed to reach the registries. Files that they name are this host's. */
export const registryEnvironment = (): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (reaching.test(name) && value ? [[name, value]] : [])),
  ),
  ...npmEnvironment(),
});

/** npm's registry settings as environment variables. */
const npmEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    npmSettings.flatMap((name) => {
      const value = execFileSync("npm", ["config", "get", name], { encoding: "utf8", cwd: root }).trim();
      return value && value !== "null" && value !== "undefined"
        ? [[`npm_config_${name.replaceAll("-", "_")}`, value]]
        : [];
    }),
  );
