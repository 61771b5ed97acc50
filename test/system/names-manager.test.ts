import { afterEach, describe, expect, it } from "vitest";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { needsUnpacked } from "../harness/unpacked.ts";
import { until } from "../harness/wait.ts";
import {
  type Backend,
  changeServer,
  furnishManager,
  type Mode,
  namesState,
  outsideServer,
  restartKeeper,
} from "./backends.ts";
import { Campus, host4 } from "./campus.ts";
import {
  askInVain,
  insideName,
  insideServer,
  lookUp,
  NameServer,
  namesHeld,
  otherServer,
  outsideName,
  startNameServers,
  wrongAddress,
} from "./names.ts";

/** NetworkManager with a local resolver, the usual configuration; it pushes its DNS settings again at any time. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

/** The resolver that answers programs, and the DNS manager that the tunnel configures. */
const ways = [
  { mode: "systemd-resolved", backend: "systemd-resolved" },
  { mode: "dnsmasq", backend: "NetworkManager" },
] as const satisfies { mode: Mode; backend: Backend }[];

describe.each(ways)("NetworkManager over $mode", ({ mode, backend }) => {
  it("keeps split DNS when NetworkManager pushes its settings again", async (context) => {
    needsRoot(context);
    needsProgram(context, "ip", "nsenter", "unshare", "dbus-daemon", "dig");
    needsUnpacked(context);
    const one = new Campus();
    campus = one;
    await one.start("nat", furnishManager(mode));
    const { machines } = one;
    const { inside, outside } = await startNameServers(one, "--domain", "corp.test");
    const other = await NameServer.start(one, "cloud", otherServer, "test", {
      [outsideName]: "192.0.2.98",
      [insideName]: wrongAddress,
    });
    const resolves = (name: string, address: string): Promise<true> =>
      until(`${name} is ${address}`, async () => (await lookUp(one, name)) === address);
    const state = () => namesState(machines, mode === "dnsmasq" ? "NetworkManager" : "systemd-resolved");
    await resolves(outsideName, "192.0.2.99");
    const before = await state();

    await one.anna.connect("--mode", "system");
    expect(await lookUp(one, insideName)).toBe(host4);
    expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
    expect((await one.anna.status()).machine?.names).toMatchObject({ backend, trouble: null });

    // It pushes all settings again: on a change of the network, and after a restart.
    await changeServer(machines, "NetworkManager", otherServer);
    await resolves(outsideName, "192.0.2.98");
    await resolves(insideName, host4);
    await restartKeeper(machines, "NetworkManager");
    await resolves(outsideName, "192.0.2.98");
    await resolves(insideName, host4);
    if (backend === "systemd-resolved") {
      await restartKeeper(machines, backend);
      await resolves(outsideName, "192.0.2.98");
      await resolves(insideName, host4);
    }
    await namesHeld(one, backend);
    await changeServer(machines, "NetworkManager", outsideServer);
    await resolves(outsideName, "192.0.2.99");

    const { ended } = await askInVain(one, backend, inside);
    await one.anna.disconnect();
    await until("everything is as it was", async () => (await state()) === before);
    await ended;
    await resolves(outsideName, "192.0.2.99");
    for (const server of [outside, other]) {
      expect(server.of("corp.test")).toEqual([]);
      expect(server.of("world.test")).not.toEqual([]);
    }
    expect(inside.of("world.test")).toEqual([]);

    // Without domains all names are resolved in the intranet.
    await one.site.sagctl(["dns", "set", "--server", insideServer]);
    await one.anna.connect("--mode", "system");
    for (const server of [outside, other]) server.asked.length = 0;
    await lookUp(one, outsideName);
    expect(inside.of("world.test")).not.toEqual([]);
    await one.anna.disconnect();
    for (const server of [outside, other]) expect(server.asked).toEqual([]);
    await until("everything is as it was again", async () => (await state()) === before);
  }, 90_000);
});
