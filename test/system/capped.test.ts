import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { Person } from "../harness/person.ts";
import { Campus, host4, type Mode } from "./campus.ts";
import type { Talked } from "./talker.ts";

/** Datagrams of a client with a bandwidth limit, while it downloads and sends many small queries. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const node = at("node_modules/.bin/node");
/** Kbit/s; the first one is the default of accounts. */
const caps = [2_000, 20_000];

describe.each<Mode>(["userspace", "routed", "nat"])("through %s access points", (mode) => {
  it("large pings and 300 queries a second are answered, and a transfer at the limit loses no datagrams", async (context) => {
    needsRoot(context);
    needsProgram(context, "ip", "ping");
    const one = new Campus();
    campus = one;
    await one.start(mode);
    await one.processes.start({
      name: "flooded",
      command: one.machines.on("hosts", [node, at("test/system/flooded.ts"), host4]),
    });
    const talk = async (who: Person, ...args: string[]): Promise<Talked> => {
      const done = await who.run([node, at("test/system/talker.ts"), host4, ...args]);
      return JSON.parse(done.stdout || "{}");
    };
    await one.anna.connect("--mode", "system");
    for (const size of ["1400", "4000"]) {
      expect(await one.anna.run(["ping", "-c1", "-W2", "-s", size, host4]), `a ping of ${size}`).toMatchObject({
        code: 0,
      });
    }
    const count = 2_400;
    expect(await talk(one.anna, "none", `${count}`, "300")).toMatchObject({ datagrams: 150, questions: count });
    await one.anna.disconnect();
    for (const cap of caps) {
      const name = `capped.${cap}`;
      const password = await one.site.createAccount(name, cap);
      const env = { ...one.workspace.home(name), SAG_SERVICE_DIR: one.run };
      const person = new Person(env, (args) => one.machines.on("client", args));
      await person.signIn(one.link, name, password);
      await person.connect("--mode", "system");
      for (const direction of ["down", "up"]) {
        const talked = await talk(person, direction);
        expect(talked, `${direction} at ${cap}`).toMatchObject({ datagrams: 150, questions: 20 });
        const share = talked.rate / (cap * 1_000);
        console.log(`${mode}, ${direction} at ${cap} Kbit/s: ${share.toFixed(2)} of it`);
        expect(share, `${direction} at ${cap}`).toBeGreaterThan(0.85);
        expect(share, `${direction} at ${cap}`).toBeLessThan(1.05);
      }
      await person.disconnect();
    }
  }, 120_000);
});
