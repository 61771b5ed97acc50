import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./command.ts";
import { freePort } from "./net/free-port.ts";
import { until } from "./wait.ts";

export interface Postgres {
  /** On loopback. */
  port: number;
  user: string;
  password: string;
  stop(): void;
}

/** PostgreSQL's server refuses to be root's. */
const nobody = 65_534;
const versions = "/usr/lib/postgresql";

/** Where Debian keeps the newest server there is, outside of PATH; undefined = none is installed. */
const programs = (): string | undefined =>
  (existsSync(versions) ? readdirSync(versions) : [])
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));

/** A real PostgreSQL on loopback with a database of its own below `dir`, which others must be able to enter; undefined = there is none. */
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
  // -F: no fsync, nothing in it has to outlive the test.
  const server = spawn(join(bin, "postgres"), ["-D", data, "-k", dir, "-h", "127.0.0.1", "-p", `${port}`, "-F"], {
    ...run,
    stdio: "ignore",
  });
  await until("PostgreSQL: ready", () => existsSync(join(dir, `.s.PGSQL.${port}`)));
  // SIGINT: connections are ended, not waited for (https://www.postgresql.org/docs/15/server-shutdown.html).
  return { port, ...account, stop: () => void server.kill("SIGINT") };
};
