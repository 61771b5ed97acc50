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

/** Split DNS among real machines: names of the intranet are asked inside only, all others outside only. */
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
  it("is split through changes of the network and crashes, and goes without a trace", async (context) => {
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

    // Another network: ordinary names are asked there, by programs that know nothing of us.
    await changeServer(machines, backend, otherServer);
    await resolves(one, outsideName, "192.0.2.98");
    await resolves(one, insideName, host4);
    if (backend !== "file") {
      await restartKeeper(machines, backend);
      await resolves(one, insideName, host4);
      await resolves(one, outsideName, "192.0.2.98");
    }

    // The cable is pulled and the machine finds another network; then that one is left and the cable is plugged in again.
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

    // Somebody takes the tunnel's link out of systemd-resolved.
    if (backend === "systemd-resolved") {
      await resolvectl(machines, "revert", "sag0");
      await resolves(one, insideName, host4);
    }

    // Another VPN with name servers of its own, on a link of its own.
    if (backend === "systemd-resolved") {
      await machines.run("client", "ip tuntap add other mode tun", "ip link set other up");
      await resolvectl(machines, "dns", "other", otherServer);
      await resolvectl(machines, "domain", "other", "~other.test");
      await resolves(one, insideName, host4);
      await machines.run("client", "ip link del other");
    }

    // While there is no service the kernel keeps intranet names in; all others go on.
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

    // Back in the first network, and nobody there to notice.
    await one.service.kill();
    await changeServer(machines, backend, outsideServer);
    await one.repair();
    expect(await state()).toBe(before);
    await resolves(one, outsideName, "192.0.2.99");

    // In order, too.
    await one.startService();
    await one.anna.connect("--mode", "system");
    expect(await lookUp(one, insideName)).toBe(host4);
    // What is on its way inside when the intranet is left ends there: nobody repeats it outside.
    outside.asked.length = 0;
    const { ended } = await askInVain(one, backend, inside);
    await one.anna.disconnect();
    expect(await state()).toBe(before);
    await ended;
    expect(outside.of("corp.test")).toEqual([]);
  }, 90_000);
});
