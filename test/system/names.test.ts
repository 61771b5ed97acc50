import { afterEach, describe, expect, it } from "vitest";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { needsUnpacked } from "../harness/unpacked.ts";
import { type Backend, furnish, namesState } from "./backends.ts";
import { Campus, host4 } from "./campus.ts";
import { insideName, lookUp, outsideName, startNameServers } from "./names.ts";

/** Split DNS among real machines: names of the intranet are asked inside only, all others outside only. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const begin = async (backend: Backend, ...push: string[]) => {
  const one = new Campus();
  campus = one;
  await one.start("nat", furnish(backend));
  const servers = await startNameServers(one, ...push);
  return { one, ...servers };
};

describe.each<Backend>(["file", "systemd-resolved", "NetworkManager"])("with %s", (backend) => {
  it("is split, and as before after disconnect", async (context) => {
    needsRoot(context);
    needsProgram(context, "ip", "nsenter", "unshare", "dbus-daemon");
    if (backend !== "file") needsUnpacked(context);
    const { one, inside, outside } = await begin(backend, "--domain", "corp.test");
    const before = await namesState(one.machines, backend);

    await one.anna.connect("--mode", "system");
    expect(await lookUp(one, insideName)).toBe(host4);
    expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
    expect(outside.of("corp.test")).toEqual([]);
    expect(inside.of("world.test")).toEqual([]);
    expect(await namesState(one.machines, backend)).not.toBe(before);

    await one.anna.disconnect();
    expect(await namesState(one.machines, backend)).toBe(before);
    expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
  });
});
