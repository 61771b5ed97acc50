import { describe, expect, it } from "vitest";
import { ownSocket } from "./owner.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const line = (local: string, remote: string, uid: number, inode = 77, state = "01"): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inode} 1 0000000000000000 20 4 30 10 -1`;
const client = { address: "127.0.0.1", port: 0xabcd };
const server = { address: "127.0.0.1", port: 8080 };
const local = "0100007F:ABCD";
const remote = "0100007F:1F90";
const ours = line(remote, local, 1000, 78);
const mapped = "0000000000000000FFFF00000100007F";

describe.each<[string, "tcp" | "udp", string[], string | null]>([
  ["this user's own", "tcp", [line(local, remote, 1000), ours], "77"],
  ["this user's own, listed as an IPv6 socket", "tcp", [line(`${mapped}:ABCD`, `${mapped}:1F90`, 1000), ours], "77"],
  ["half-closed", "tcp", [line(local, remote, 1000, 77, "05"), line(remote, local, 1000, 78, "08")], "77"],
  ["another user's", "tcp", [line(local, remote, 1001), ours], null],
  ["one without an owner", "tcp", [line(local, remote, 1000, 0), ours], null],
  ["the server's own end", "tcp", [ours], null],
  ["one that is not listed", "tcp", [], null],
  ["a later one, of a connection that was reset", "tcp", [line(local, remote, 1000)], null],
  ["a later one that is not accepted", "tcp", [line(local, remote, 1000), line(remote, local, 0, 0)], null],
  ["a source of datagrams", "udp", [line(local, "00000000:0000", 1000)], "77"],
  ["a source at any address", "udp", [line("00000000:ABCD", "00000000:0000", 1000)], "77"],
  ["a port that two sockets share", "udp", [line(local, remote, 1000, 9), line("00000000:ABCD", remote, 1000)], "77 9"],
  ["a port shared with another user", "udp", [line(local, remote, 1000), line("00000000:ABCD", remote, 1001)], null],
])("%s", (_, protocol, lines, socket) => {
  it(socket ? "is served" : "is refused", async () => {
    const read = async (path: string): Promise<string> => (path.endsWith("6") ? "" : [head, ...lines].join("\n"));
    expect(await ownSocket(protocol, client, server, 1000, read)).toBe(socket);
  });
});
