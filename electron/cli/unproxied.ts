import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { texts } from "../../common/text/cli.ts";

/** Common programs that connect directly and read no proxy variables. */
const names = new Set(
  [
    "psql pg_dump pg_restore pgbench mysql mysqldump mariadb mariadb-dump redis-cli valkey-cli mongosh mongodump cqlsh sqlcmd sqlplus",
    "ssh scp sftp sshfs rsync mosh telnet nc ncat netcat socat openssl",
    "dig host nslookup drill delv ping ping6 traceroute tracepath mtr nmap iperf iperf3 nping",
    "ldapsearch ldapmodify smbclient snmpget snmpwalk kinit xfreerdp xfreerdp3 rdesktop vncviewer remmina ftp lftp tftp sipp",
  ]
    .join(" ")
    .split(" "),
);

/** The hint to print before running such a program with proxy variables; null for all others. */
export function unproxiedHint(program: string): string | null {
  const name = basename(program).replace(/\.exe$/i, "");
  if (/^node(js)?$/.test(name)) return oldNodeHint(program);
  if (!names.has(name)) return null;
  const others = /^(ssh|scp|sftp|sshfs|rsync)$/.test(name) ? "sag ssh-config" : "sag forward";
  return texts.cli.reach.usesNoProxy(name, others);
}

/**
 * Node.js uses a proxy for fetch and http from 22.21 and 24.5 on
 * (https://nodejs.org/api/http.html#built-in-proxy-support).
 */
function oldNodeHint(program: string): string | null {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 5_000 });
  const [, major = Number.NaN, minor = 0] = (/^v(\d+)\.(\d+)\./.exec(stdout ?? "") ?? []).map(Number);
  if (!(major < 24 ? major !== 22 || minor < 21 : major === 24 && minor < 5)) return null;
  return texts.cli.reach.nodeUsesNoProxy(stdout.trim().slice(1));
}
