import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { must } from "./command.ts";
import { freePort } from "./net/free-port.ts";
import { until } from "./wait.ts";

export interface SshServer {
  /** A loopback port. */
  port: number;
  user: string;
  /** The private key that it accepts, and a known_hosts file that accepts it under any name. */
  key: string;
  knownHosts: string;
  stop(): void;
}

/** Starts sshd on loopback for this user, with new keys below `dir`. */
export const startSshServer = async (dir: string): Promise<SshServer> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(dir, name);
  for (const name of ["host", "key"]) await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  const port = await freePort();
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const lines = [
    `HostKey ${at("host")}`,
    `ListenAddress 127.0.0.1:${port}`,
    `AuthorizedKeysFile ${at("key.pub")}`,
    "PidFile none",
    "StrictModes no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "UsePAM no",
    "Subsystem sftp internal-sftp",
  ];
  writeFileSync(at("config"), lines.map((line) => `${line}\n`).join(""));
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", at("config")], { stdio: "ignore" });
  await until("sshd: ready", () => answers(port));
  const [type, blob] = (await must(["cat", at("host.pub")])).split(" ");
  writeFileSync(at("known_hosts"), `* ${type} ${blob}\n`);
  return {
    port,
    user: userInfo().username,
    key: at("key"),
    knownHosts: at("known_hosts"),
    stop: () => void child.kill(),
  };
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
