import { isDeepStrictEqual } from "node:util";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { silence } from "../harness/intranet/names.ts";
import type { Running } from "../harness/processes.ts";
import { until } from "../harness/wait.ts";
import { type Backend, outsideServer, resolvectlCommand } from "./backends.ts";
import { type Campus, host4 } from "./campus.ts";

/** The intranet's name server. */
export const insideServer = "10.55.0.53";
/** The name server of another network outside. */
export const otherServer = "192.0.2.54";
export const insideName = "portal.corp.test";
export const outsideName = "www.world.test";
/** Names whose queries the intranet's name server does not answer. */
export const silentNames = Array.from({ length: 12 }, (_, i) => `silent-${i}.corp.test`);
/** The answer of the outside name server, not an address of the company. */
export const wrongAddress = "203.0.113.66";

/** A name server that records its queries. */
export class NameServer {
  readonly asked: string[] = [];
  running!: Running<unknown>;

  static async start(
    campus: Campus,
    machine: string,
    address: string,
    domain: string,
    records: Record<string, string>,
  ): Promise<NameServer> {
    const server = new NameServer();
    const list = Object.entries(records).map(([name, to]) => `${name}=${to}`);
    server.running = await campus.processes.start({
      name: `names-${address}`,
      command: campus.machines.on(machine, [
        ...[at("node_modules/.bin/node"), at("test/system/nameserver.ts"), address, domain, ...list],
      ]),
      onLine: ({ asked }) => asked && server.asked.push(String(asked)),
    });
    return server;
  }

  /** Queries for names of a domain. */
  of(domain: string): string[] {
    return this.asked.filter((name) => name === domain || name.endsWith(`.${domain}`));
  }
}

/** Starts both name servers, and pushes the intranet's to its clients. */
export const startNameServers = async (
  campus: Campus,
  ...push: string[]
): Promise<{ inside: NameServer; outside: NameServer }> => {
  const { machines } = campus;
  await machines.run("hosts", `ip addr add ${insideServer}/16 dev lan`);
  await machines.run("cloud", `ip addr add ${outsideServer}/24 dev wan`, `ip addr add ${otherServer}/24 dev wan`);
  const inside = await NameServer.start(campus, "hosts", insideServer, "test", {
    [insideName]: host4,
    // Has no name, so that no further query is needed.
    "80.0.55.10.in-addr.arpa": host4,
    ...Object.fromEntries(silentNames.map((name) => [name, silence])),
  });
  const outside = await NameServer.start(campus, "cloud", outsideServer, "test", {
    [outsideName]: "192.0.2.99",
    [insideName]: wrongAddress,
  });
  await campus.site.sagctl(["dns", "set", "--server", insideServer, ...push]);
  return { inside, outside };
};

/** The address that the C library resolves a name to; "" if none. */
export const lookUp = async (campus: Campus, name: string): Promise<string> => {
  const impatient = ["env", "RES_OPTIONS=timeout:1 attempts:1"];
  const done = await command(campus.machines.on("client", [...impatient, "getent", "ahostsv4", name]));
  return done.stdout.split(/\s/)[0] ?? "";
};

/**
 * Waits until `sag status` reports the intranet's DNS settings. The service reads the host's settings 100 ms after a
 * change, so a name may resolve before that is reported.
 */
export const namesHeld = async (campus: Campus, backend: Backend, searchDomains?: string[]): Promise<void> => {
  let seen: unknown;
  await until(
    () => `names kept by ${backend}, but for ${JSON.stringify(seen)}`,
    async () => {
      const names = (await campus.anna.status()).machine?.names;
      seen = names;
      return (
        names?.backend === backend &&
        names.trouble === null &&
        (!searchDomains || isDeepStrictEqual(names.searchDomains, searchDomains))
      );
    },
  );
};

/**
 * Sends queries that the intranet never answers, by the C library with default settings, a program with its own
 * resolver, and systemd-resolved's tool. Resolves when they are in flight; `ended` when all of them have given up.
 */
export const askInVain = async (
  campus: Campus,
  backend: Backend,
  inside: NameServer,
): Promise<{ ended: Promise<unknown> }> => {
  inside.asked.length = 0;
  const askers = [
    ["env", "RES_OPTIONS=timeout:5 attempts:2", "getent", "ahostsv4"],
    ["dig", "+time=5", "+tries=2"],
    ...(backend === "systemd-resolved" ? [resolvectlCommand("query")] : []),
  ];
  // Each query has a different name, so that all of them are known to be waiting.
  const asking = silentNames.map((name, i) => [...(askers[i % askers.length] ?? []), name]);
  const ended = Promise.all(asking.map((args) => command(campus.machines.on("client", args))));
  await until("the intranet is asked", () => silentNames.every((name) => inside.of(name).length > 0));
  return { ended };
};
