import { afterEach, describe, expect, it, type TestContext } from "vitest";
import { command } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { needsUnpacked } from "../harness/unpacked.ts";
import { until } from "../harness/wait.ts";
import {
  type Backend,
  changeServer,
  furnish,
  namesState,
  outsideServer,
  resolvectl,
  restartKeeper,
} from "./backends.ts";
import { Campus, host4 } from "./campus.ts";
import {
  askInVain,
  insideName,
  lookUp,
  NameServer,
  namesHeld,
  otherServer,
  outsideName,
  startNameServers,
  wrongAddress,
} from "./names.ts";
import { leaveWifi, offerWifi, pullCable } from "./roaming.ts";

/** Split DNS on real hosts: names of the intranet are queried only there, all others only outside. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const begin = async (context: TestContext, backend: Backend, ...push: string[]) => {
  needsRoot(context);
  needsProgram(context, "ip", "nsenter", "unshare", "dbus-daemon", "dig");
  if (backend !== "file") needsUnpacked(context);
  const one = new Campus();
  campus = one;
  await one.start("nat", furnish(backend));
  const servers = await startNameServers(one, ...push);
  return { one, ...servers, state: () => namesState(one.machines, backend) };
};

const resolves = (one: Campus, name: string, address: string): Promise<true> =>
  until(`${name} is ${address}`, async () => (await lookUp(one, name)) === address);

describe.each<Backend>(["file", "systemd-resolved", "NetworkManager"])("with %s", (backend) => {
  it("is split through network changes and crashes, and restored without remains", async (context) => {
    const { one, inside, outside, state } = await begin(context, backend, "--domain", "corp.test");
    const { machines } = one;
    const other = await NameServer.start(one, "cloud", otherServer, "test", {
      [outsideName]: "192.0.2.98",
      [insideName]: wrongAddress,
    });
    const before = await state();

    await one.anna.connect("--mode", "system");
    expect(await lookUp(one, insideName)).toBe(host4);
    expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
    await command(machines.on("client", ["getent", "hosts", host4]));
    expect(inside.of("10.in-addr.arpa")).not.toEqual([]);
    expect((await one.anna.status()).machine?.names).toMatchObject({
      backend,
      domains: expect.arrayContaining(["corp.test", "55.10.in-addr.arpa"]),
      trouble: null,
    });

    // Another network: ordinary names are queried there, set by programs unaware of the tunnel.
    await changeServer(machines, backend, otherServer);
    await resolves(one, outsideName, "192.0.2.98");
    await resolves(one, insideName, host4);
    if (backend !== "file") {
      await restartKeeper(machines, backend);
      await resolves(one, insideName, host4);
      await resolves(one, outsideName, "192.0.2.98");
    }

    // The cable is unplugged and the host joins another network; then it returns to the cable.
    await changeServer(machines, backend, outsideServer);
    await resolves(one, outsideName, "192.0.2.99");
    await offerWifi(machines, backend, otherServer);
    await pullCable(machines, backend, otherServer);
    await resolves(one, outsideName, "192.0.2.98");
    await resolves(one, insideName, host4);
    await namesHeld(one, backend);
    await leaveWifi(machines, backend, outsideServer);
    await resolves(one, outsideName, "192.0.2.99");
    await resolves(one, insideName, host4);
    await changeServer(machines, backend, otherServer);
    await resolves(one, outsideName, "192.0.2.98");

    // Another program removes the tunnel's link from systemd-resolved.
    if (backend === "systemd-resolved") {
      await resolvectl(machines, "revert", "sag0");
      await resolves(one, insideName, host4);
    }

    // Another VPN with name servers on its own link.
    if (backend === "systemd-resolved") {
      await machines.run("client", "ip tuntap add other mode tun", "ip link set other up");
      await resolvectl(machines, "dns", "other", otherServer);
      await resolvectl(machines, "domain", "other", "~other.test");
      await resolves(one, insideName, host4);
      await machines.run("client", "ip link del other");
    }

    // Without the service the kernel still blocks queries for intranet names; all others work.
    await one.service.kill();
    expect(await lookUp(one, insideName)).toBe("");
    expect(await lookUp(one, outsideName)).toBe("192.0.2.98");
    await one.startService();
    await resolves(one, insideName, host4);
    await until("it is in again", async () => (await one.anna.status()).phase === "connected");

    for (const server of [outside, other]) {
      expect(server.of("corp.test")).toEqual([]);
      expect(server.of("10.in-addr.arpa")).toEqual([]);
      expect(server.of("world.test")).not.toEqual([]);
    }
    expect(inside.of("world.test")).toEqual([]);

    // Back in the first network, while no service is running.
    await one.service.kill();
    await changeServer(machines, backend, outsideServer);
    await one.repair();
    expect(await state()).toBe(before);
    await resolves(one, outsideName, "192.0.2.99");

    // Also with an orderly disconnect.
    await one.startService();
    await one.anna.connect("--mode", "system");
    expect(await lookUp(one, insideName)).toBe(host4);
    // Queries in flight at a disconnect fail; no resolver repeats them outside.
    outside.asked.length = 0;
    const { ended } = await askInVain(one, backend, inside);
    await one.anna.disconnect();
    expect(await state()).toBe(before);
    await ended;
    expect(outside.of("corp.test")).toEqual([]);
  }, 90_000);
});
