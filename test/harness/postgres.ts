import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./command.ts";
import { freePort } from "./net/free-port.ts";
import { until } from "./wait.ts";

export interface Postgres {
  /** A loopback port. */
  port: number;
  user: string;
  password: string;
  stop(): void;
}

/** PostgreSQL refuses to run as root. */
const nobody = 65_534;
const versions = "/usr/lib/postgresql";

/** The directory where Debian installs the newest server, outside of PATH; undefined = none is installed. */
const programs = (): string | undefined =>
  (existsSync(versions) ? readdirSync(versions) : [])
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));

/**
 * Starts PostgreSQL on loopback with a new database below `dir`, which other users must be able to enter; undefined =
 * it is not installed.
 */
export const startPostgres = async (dir: string): Promise<Postgres | undefined> => {
  const bin = programs();
  if (!bin) return undefined;
  mkdirSync(dir);
  const isRoot = process.getuid?.() === 0;
  const run = {
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    cwd: dir,
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  };
  const [data, secret] = [join(dir, "data"), join(dir, "password")];
  const account = { user: "clerk", password: "of the database" };
  writeFileSync(secret, account.password);
  chmodSync(secret, 0o644);
  if (isRoot) await must(["chown", `${nobody}:${nobody}`, dir]);
  const options = ["--no-sync", "--auth=scram-sha-256", `--username=${account.user}`, `--pwfile=${secret}`];
  await must([join(bin, "initdb"), "-D", data, ...options], run);
  const port = await freePort();
  // -F: without fsync, because the database does not outlive the test.
  const server = spawn(join(bin, "postgres"), ["-D", data, "-k", dir, "-h", "127.0.0.1", "-p", `${port}`, "-F"], {
    ...run,
    stdio: "ignore",
  });
  await until("PostgreSQL: ready", () => existsSync(join(dir, `.s.PGSQL.${port}`)));
  // SIGINT ends open connections instead of waiting for them
  // (https://www.postgresql.org/docs/15/server-shutdown.html).
  return { port, ...account, stop: () => void server.kill("SIGINT") };
};
