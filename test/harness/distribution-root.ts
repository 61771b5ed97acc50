import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { mirrorOf } from "./apt-sources.ts";
import { command, must } from "./command.ts";
import { copySources, registryEnvironment } from "./fresh-machine.ts";
import { createWorkspace } from "./workspace.ts";

/** A release of Debian or Ubuntu. */
export interface Release {
  name: string;
  suite: string;
  /** The components that contain npm. */
  components: string;
  /** All suites on the same mirror, at least one of which is in the host's own sources. */
  sameMirror: readonly string[];
  /** debootstrap's script for the family, because older versions do not know newer suites by name. */
  script: string;
  /** Whether debootstrap has a default mirror for it. */
  hasDefaultMirror: boolean;
}

/** A directory with an installed system, entered by chroot(8). It shares the host's network. */
export interface Root {
  home: string;
  /**
   * Wraps a command so that an ordinary user of that system runs it in the copied checkout; all its processes end
   * with it.
   */
  asOrdinaryUser(args: string[]): string[];
  remove(): void;
}

const user = "first";
/** Unused on the host, because processes in the root are visible there. */
const uid = 61_235;
/** Time limit of one installation step, ms. */
const limit = 20 * 60_000;

/** Uses mount and PID namespaces, so that neither mounts nor processes are left behind. */
const enter = (dir: string, args: string[]): string[] => [
  ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c"],
  'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"',
  dir,
  ...args,
];

/**
 * Installs a system with its own packages of npm, curl and jq, without a compiler, and an ordinary user with a copy
 * of this checkout. Returns the reason if its archive is unavailable; throws if the installation fails.
 */
export const createRoot = async (release: Release): Promise<Root | string> => {
  const mirror = mirrorOf(release.sameMirror);
  if (!mirror && !release.hasDefaultMirror) return `a mirror of ${release.name} among apt's sources`;
  const workspace = createWorkspace("root");
  const dir = join(workspace.dir, "system");
  // Stays on the workspace's file system, because an interrupted installation may have left mounts.
  const remove = (): void => void execFileSync("rm", ["-rf", "--one-file-system", workspace.dir]);
  try {
    const options = ["--variant=minbase", `--components=${release.components}`];
    const made = await command(
      ["debootstrap", ...options, release.suite, dir, mirror ?? "", `/usr/share/debootstrap/scripts/${release.script}`],
      { limit },
    );
    if (made.code !== 0) {
      const output = made.stdout + made.stderr;
      if (!/Failed getting release file|Couldn't download/.test(output)) throw new Error(output.slice(-2000));
      remove();
      return `an archive that can be reached: ${output.trim().split("\n").at(-1)}`;
    }
    const registries = registryEnvironment();
    const env = {
      ...registries,
      DEBIAN_FRONTEND: "noninteractive",
      LANG: "C.UTF-8",
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    };
    const inside = (...args: string[]) => must(enter(dir, args), { env, limit });
    await inside("apt-get", "update", "-q");
    const packages = ["npm", "curl", "jq", "ca-certificates"];
    await inside("apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages);
    await inside("useradd", "--create-home", "--shell", "/bin/bash", "--uid", `${uid}`, user);
    for (const path of Object.values(registries)) copyFileInto(dir, path);
    const home = join(dir, "home", user);
    copySources(join(home, "sag"));
    await inside("chown", "-Rh", `${user}:${user}`, `/home/${user}`);
    const variables = Object.entries({
      ...registries,
      HOME: `/home/${user}`,
      USER: user,
      PATH: "/usr/local/bin:/usr/bin:/bin",
      LANG: "C.UTF-8",
      TERM: "xterm",
      PS1: "> ",
    }).map(([name, value]) => `${name}=${value}`);
    return {
      home,
      asOrdinaryUser: (args) =>
        enter(dir, [
          ...["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--init-groups"],
          ...["env", "-i", `--chdir=/home/${user}/sag`, ...variables, ...args],
        ]),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
};

/** Copies a file to the same path, for example a registry's certificate. */
const copyFileInto = (dir: string, path: string): void => {
  if (!path.startsWith("/") || !statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  cpSync(path, join(dir, path), { dereference: true });
};
