import { readFile } from "node:fs/promises";
import { endianness } from "node:os";

/** An end of a connection on this machine, as Node names it. */
export interface End {
  address: string;
  port: number;
}

const lists = {
  tcp: ["/proc/self/net/tcp", "/proc/self/net/tcp6"],
  udp: ["/proc/self/net/udp", "/proc/self/net/udp6"],
};

/**
 * Whether the process at `client` is this user's: loopback is shared by all users of a host. A process that is not found is not this user's;
 * on systems without /proc that is everybody.
 */
export async function isOwn(
  protocol: "tcp" | "udp",
  client: End,
  server: End,
  uid: number | null,
  read: (path: string) => Promise<string> = readList,
): Promise<boolean> {
  const texts = await Promise.all(lists[protocol].map((path) => read(path).catch(() => "")));
  const owners = texts.flatMap((text) =>
    text
      .split("\n")
      .slice(1)
      .flatMap((line) => ownerOf(line, protocol, client, server)),
  );
  return uid !== null && owners.length > 0 && owners.every((one) => one === uid);
}

/**
 * Reads the lists for several questions at a time: all that are asked while a reading is under way share the next one, so that many
 * clients at once cost one reading. A reading that is under way may have passed a socket that is new.
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

const readList = (path: string): Promise<string> => readFile(path, "latin1");

/** "sl local remote st tx:rx tr:when retrnsmt uid timeout inode …" → the user, if this is the client's socket. */
function ownerOf(line: string, protocol: "tcp" | "udp", client: End, server: End): number[] {
  const fields = line.trim().split(/\s+/);
  const [, local = "", remote = "", , , , , uid = "", , inode = "0"] = fields;
  const matches =
    protocol === "tcp"
      ? isAt(local, client) && isAt(remote, server)
      : isAt(local, client) || (/^0+:/.test(local) && portOf(local) === client.port);
  if (!matches) return [];
  // A socket without an inode has no owner any more, and reads as root's.
  return [inode === "0" ? Number.NaN : Number(uid)];
}

export const portOf = (entry: string): number => Number.parseInt(entry.slice(entry.indexOf(":") + 1), 16);

export const isAt = (entry: string, end: End): boolean =>
  portOf(entry) === end.port && addressesOf(end.address).includes(entry.slice(0, entry.indexOf(":")).toUpperCase());

/** An address as the kernel lists it: 32-bit words in the machine's order; IPv4 in both of its forms. */
function addressesOf(address: string): string[] {
  const bare = address.replace(/^::ffff:/i, "");
  const four = bare.split(".").map(Number);
  if (four.length === 4) {
    const word = wordOf(four);
    return [word, `${"0".repeat(16)}${wordOf([0, 0, 0xff, 0xff])}${word}`];
  }
  // Loopback is the only one of IPv6 that anybody listens at here.
  return bare === "::1" ? [`${"0".repeat(24)}${wordOf([0, 0, 0, 1])}`] : [];
}

const wordOf = (bytes: number[]): string =>
  Buffer.from(endianness() === "LE" ? bytes.toReversed() : bytes)
    .toString("hex")
    .toUpperCase();
