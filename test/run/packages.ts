import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { say } from "../../build/lib/say.ts";
import { isUnpacked, unpack } from "../harness/unpacked.ts";
import { command } from "./command.ts";
import { failed, type Outcome, passed } from "./outcome.ts";

/** The programs that the tests use, with the Debian packages that contain them. */
const programs: Record<string, string[]> = {
  chattr: ["e2fsprogs"],
  chromium: ["chromium"],
  "chromium-headless-shell": ["chromium-headless-shell"],
  curl: ["curl"],
  "dbus-daemon": ["dbus"],
  "dbus-run-session": ["dbus"],
  dig: ["dnsutils"],
  faketime: ["faketime"],
  fish: ["fish"],
  gcc: ["gcc", "libc6-dev"],
  git: ["git"],
  // The schema of the desktop's proxy setting is in a separate package.
  gsettings: ["libglib2.0-bin", "gsettings-desktop-schemas"],
  "gnome-keyring-daemon": ["gnome-keyring"],
  ip: ["iproute2"],
  javac: ["default-jdk-headless"],
  jq: ["jq"],
  // nfcapd, the collector, is in the same package.
  nfdump: ["nfdump"],
  nft: ["nftables"],
  nginx: ["nginx-light"],
  openvpn: ["openvpn"],
  ping: ["iputils-ping"],
  // The official Python clients of the admin API are installed in a virtual environment.
  pip3: ["python3", "python3-pip", "python3-venv"],
  ps: ["procps"],
  // Debian creates and starts a database with it; the tests create their own instead.
  pg_ctlcluster: ["postgresql"],
  psql: ["postgresql-client"],
  "secret-tool": ["libsecret-tools"],
  setpriv: ["util-linux"],
  shellcheck: ["shellcheck"],
  ssh: ["openssh-client"],
  sshd: ["openssh-server"],
  "systemd-analyze": ["systemd"],
  tcpdump: ["tcpdump"],
  wg: ["wireguard-tools"],
  "xvfb-run": ["xvfb", "xauth"],
  zsh: ["zsh"],
};

const isThere = (program: string): boolean =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((folder) =>
    existsSync(join(folder, program)),
  );

const isDebian = (): boolean =>
  existsSync("/etc/os-release") && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));

/** As root on Debian or Ubuntu: installs missing packages that the tests need, and prints them. */
export const packages = async (): Promise<Outcome> => {
  const missing = Object.keys(programs).filter((program) => !isThere(program));
  const wanted = missing.flatMap((program) => programs[program] ?? []);
  if (wanted.length === 0 && isUnpacked()) return passed();
  if (process.env.SAG_TEST_INSTALL === "0" || process.getuid?.() !== 0 || !isDebian()) {
    if (!isUnpacked()) missing.push("systemd-resolved", "network-manager");
    say(`  missing: ${missing.join(", ")} (as root on Debian or Ubuntu they would be installed now)`);
    return passed(0);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-q"], { env });
  if (!isUnpacked()) {
    say("  unpacking systemd-resolved and NetworkManager into .cache (they are not installed)");
    const trouble = unpack();
    if (trouble) say(`  ${trouble}`);
  }
  if (wanted.length === 0) return passed();
  say(`  installing ${wanted.join(", ")} (SAG_TEST_INSTALL=0 prevents this)`);
  const install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...wanted];
  const outcome = await command("packages", install, { env });
  const still = missing.filter((program) => !isThere(program));
  return outcome.failed === 0 && still.length > 0 ? failed(`still missing: ${still.join(", ")}`) : outcome;
};
