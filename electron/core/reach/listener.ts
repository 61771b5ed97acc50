import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import type { CauseCode } from "../client/model.ts";
import { splitHostPort } from "./address.ts";
import { type End, isAt, portOf } from "./owner.ts";

/** TCP_LISTEN in the kernel's socket list (include/net/tcp_states.h). */
const listening = "0A";
const lowestFreePort = 1024;

/**
 * The failure to listen on a loopback address, with its reason. `field`: what the listener is for, if not a proxy.
 */
export async function listenFailure(code: CauseCode, address: string, field?: "forward"): Promise<Failure> {
  if (code === "port_in_use") {
    const holder = await programAt(address);
    return new Failure(code, { subject: address, ...(holder ? { holder } : {}), ...(field ? { field } : {}) });
  }
  const port = splitHostPort(address)?.port ?? 0;
  if (code === "not_permitted" && port > 0 && port < lowestFreePort) {
    const text = texts.core.ports.rootOnly(port);
    return new Failure(code, { text, field: "port" });
  }
  return new Failure(code, { subject: address });
}

/**
 * Returns "nc (process 123)" for the program that listens there; null if it cannot be found, as for programs of other
 * users.
 */
export async function programAt(address: string): Promise<string | null> {
  const end = splitHostPort(address);
  if (!end || process.platform !== "linux") return null;
  try {
    const inodes = await inodesAt({ address: end.host, port: end.port });
    return inodes.size === 0 ? null : await holderOf(inodes);
  } catch {
    return null;
  }
}

async function inodesAt(end: End): Promise<Set<string>> {
  const texts = await Promise.all(
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].map((path) => readFile(path, "latin1").catch(() => "")),
  );
  const found = texts.flatMap((text) =>
    text.split("\n").flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const isEverywhere = /^0+:/.test(local) && portOf(local) === end.port;
      return state === listening && (isEverywhere || isAt(local, end)) ? [inode] : [];
    }),
  );
  return new Set(found);
}

async function holderOf(inodes: Set<string>): Promise<string> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
    if (!links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ""))) continue;
    const [command = ""] = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    return texts.core.ports.process(basename(command) || texts.core.ports.someProgram, pid);
  }
  return texts.core.ports.otherUsers;
}
