import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { endianness } from "node:os";

/** One end of a local connection, in Node's notation. */
export interface End {
  address: string;
  port: number;
}

const lists = {
  tcp: ["/proc/self/net/tcp", "/proc/self/net/tcp6"],
  udp: ["/proc/self/net/udp", "/proc/self/net/udp6"],
};

/** TCP_ESTABLISHED and TCP_CLOSE_WAIT in the kernel's socket list (include/net/tcp_states.h). */
const connected = ["01", "08"];

/**
 * Identifies the socket at `client` (by its inode) if it belongs to this user, because all users of a host share
 * loopback. Null if it is another user's, if both share the port, or if it cannot be found, and always on systems
 * without /proc. The answer is true for the time of reading: a port of datagrams can have another owner afterwards.
 */
export async function ownSocket(
  protocol: "tcp" | "udp",
  client: End,
  server: End,
  uid: number | null,
  read: (path: string) => Promise<string> = readList,
): Promise<string | null> {
  const texts = await Promise.all(lists[protocol].map((path) => read(path).catch(() => "")));
  const entries = texts.flatMap((text) => linesWithPort(text, client.port)).map(parse);
  const found = entries.filter((entry) => isClient(entry, protocol, client, server));
  // A socket without an inode has lost its owner and would be listed as root's.
  if (uid === null || found.length === 0 || found.some((one) => one.uid !== uid || one.inode === "0")) return null;
  // Without our end, the connection has ended, and the client found is of a later one.
  if (protocol === "tcp" && !entries.some((entry) => isOurEnd(entry, client, server))) return null;
  return found
    .map((one) => one.inode)
    .sort()
    .join(" ");
}

/**
 * Reads each list at most once, at the first call, and without Node's threads: waiting for one takes longer than the
 * quarter of a millisecond of reading, with an empty list.
 */
export function oneReading(): (path: string) => Promise<string> {
  const texts = new Map<string, string>();
  return async (path) => {
    const text = texts.get(path) ?? readFileSync(path, "latin1");
    texts.set(path, text);
    return text;
  };
}

/**
 * Reads the lists once for several callers: all calls made during a read share the next one, so that many clients at
 * once cost one read. They cannot share the current read, which may already have passed a new socket's line.
 */
export function sharedLists(read: (path: string) => Promise<string> = readList): (path: string) => Promise<string> {
  const running = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<string>>();
  return (path) => {
    const shared = next.get(path);
    if (shared) return shared;
    const begun = (running.get(path) ?? Promise.resolve()).then(() => {
      next.delete(path);
      const text = read(path);
      running.set(
        path,
        text.catch(() => undefined),
      );
      return text;
    });
    next.set(path, begun);
    return begun;
  };
}

/**
 * The lines of sockets whose local or remote port this is. A list can have ten thousand lines, mostly of connections
 * in TIME-WAIT, and splitting all of them takes 20 ms for each new connection.
 */
function linesWithPort(text: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const lines: string[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at)) {
    const end = text.indexOf("\n", at);
    lines.push(text.slice(text.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end));
    if (end < 0) break;
    at = end;
  }
  return lines;
}

const readList = (path: string): Promise<string> => readFile(path, "latin1");

interface Entry {
  local: string;
  remote: string;
  state: string;
  uid: number;
  inode: string;
}

/** "sl local remote st tx:rx tr:when retrnsmt uid timeout inode …" */
function parse(line: string): Entry {
  const [, local = "", remote = "", state = "", , , , uid = "", , inode = "0"] = line.trim().split(/\s+/);
  return { local, remote, state, uid: Number(uid), inode };
}

const isClient = ({ local, remote }: Entry, protocol: "tcp" | "udp", client: End, server: End): boolean =>
  protocol === "tcp"
    ? isAt(local, client) && isAt(remote, server)
    : isAt(local, client) || (/^0+:/.test(local) && portOf(local) === client.port);

/** Whether it is this process's end of the connection, accepted and not reset. */
const isOurEnd = ({ local, remote, state, inode }: Entry, client: End, server: End): boolean =>
  isAt(local, server) && isAt(remote, client) && connected.includes(state) && inode !== "0";

export const portOf = (entry: string): number => Number.parseInt(entry.slice(entry.indexOf(":") + 1), 16);

export const isAt = (entry: string, end: End): boolean =>
  portOf(entry) === end.port && addressesOf(end.address).includes(entry.slice(0, entry.indexOf(":")).toUpperCase());

/** An address as the kernel prints it: 32-bit words in host byte order; IPv4 in both of its forms. */
function addressesOf(address: string): string[] {
  const bare = address.replace(/^::ffff:/i, "");
  const four = bare.split(".").map(Number);
  if (four.length === 4) {
    const word = wordOf(four);
    return [word, `${"0".repeat(16)}${wordOf([0, 0, 0xff, 0xff])}${word}`];
  }
  // The only IPv6 address used here is loopback.
  return bare === "::1" ? [`${"0".repeat(24)}${wordOf([0, 0, 0, 1])}`] : [];
}

const wordOf = (bytes: number[]): string =>
  Buffer.from(endianness() === "LE" ? bytes.toReversed() : bytes)
    .toString("hex")
    .toUpperCase();
