import { describe, expect, test } from "vitest";
import type { BrowserSetting } from "../../bridge.ts";
import { gnomeProxy } from "./gnome.ts";
import { BrowserProxy, type JournalEntry, type ProxySetting } from "./proxy.ts";

/** GNOME's settings as a map, behind the real adapter. */
const desktop = () => {
  const values: ProxySetting = { mode: "'manual'", "autoconfig-url": "''" };
  let journal: JournalEntry | null = null;
  const writes: string[] = [];
  let broken: "loses" | "half" | "throws" | null = null;
  const system = gnomeProxy(async (_program, [verb, , key = "", value = ""]) => {
    if (verb === "writable") return "true";
    if (verb === "get") return values[key] ?? "";
    // What is changed has been written down before.
    writes.push(`${key} ${journal === null ? "unnoted" : "noted"}`);
    if (broken === "throws") throw new Error("the schema is locked");
    if (broken === "loses" || (broken === "half" && key === "mode")) return "";
    values[key] = value;
    return "";
  });
  const pacs: Record<string, string | null> = { contoso01: "http://127.0.0.1:1/proxy.pac" };
  const told: BrowserSetting[] = [];
  const open = () =>
    new BrowserProxy({
      system,
      journal: {
        read: () => journal,
        write: (entry) => {
          journal = entry;
        },
        clear: () => {
          journal = null;
        },
      },
      pacOf: (id) => pacs[id] ?? null,
      changed: (setting) => told.push(setting),
    });
  const breakWrites = (how: typeof broken): void => {
    broken = how;
  };
  return { values, pacs, told, writes, open, breakWrites, journal: () => journal };
};

const before = { mode: "'manual'", "autoconfig-url": "''" };
const ours = { mode: "'auto'", "autoconfig-url": "'http://127.0.0.1:1/proxy.pac'" };

describe("the browsers' setting", () => {
  test("goes in while the intranet is up, and out again", async () => {
    const { values, pacs, open, writes, told } = desktop();
    const proxy = open();
    await proxy.start();
    await proxy.use("contoso01");
    expect(values).toEqual(ours);
    expect(writes).toEqual(["autoconfig-url noted", "mode noted"]);
    pacs.contoso01 = null;
    await proxy.follow();
    expect(values).toEqual(before);
    pacs.contoso01 = "http://127.0.0.1:1/proxy.pac";
    await proxy.follow();
    expect(values).toEqual(ours);
    await proxy.use(null);
    expect(values).toEqual(before);
    expect(told.at(-1)).toEqual({ supported: true, intranetId: null, refused: false });
  });

  test("is put back at the next start after a crash", async () => {
    const { values, open, journal } = desktop();
    const crashed = open();
    await crashed.start();
    await crashed.use("contoso01");
    await open().start();
    expect(values).toEqual(before);
    expect(journal()).toBeNull();
  });

  test("crashing between journal and setting, or half through, leaves nothing of ours", async () => {
    for (const half of [{}, { "autoconfig-url": ours["autoconfig-url"] }]) {
      const { values, open } = desktop();
      const proxy = open();
      await proxy.start();
      await proxy.use("contoso01");
      Object.assign(values, before, half);
      await open().start();
      expect(values).toEqual(before);
    }
  });

  test("what a person changed meanwhile stays", async () => {
    const { values, open } = desktop();
    const proxy = open();
    await proxy.start();
    await proxy.use("contoso01");
    values.mode = "'none'";
    await proxy.use(null);
    expect(values.mode).toBe("'none'");
    expect(values["autoconfig-url"]).toBe("''");
  });

  test("another address of the PAC replaces the first, and what was there at first comes back", async () => {
    const { values, pacs, open } = desktop();
    const proxy = open();
    await proxy.start();
    await proxy.use("contoso01");
    pacs.contoso01 = "http://127.0.0.1:2/proxy.pac";
    await proxy.follow();
    expect(values["autoconfig-url"]).toContain(":2/");
    await proxy.use(null);
    expect(values).toEqual(before);
  });

  test.each([
    ["loses what is written, as without a D-Bus session", "loses"],
    ["takes the address and not the mode", "half"],
    ["refuses to write", "throws"],
  ] as const)("a desktop that %s: the toggle goes off and says so, nothing is left", async (_, how) => {
    const { values, told, pacs, open, journal, breakWrites } = desktop();
    const proxy = open();
    await proxy.start();
    breakWrites(how);
    await proxy.use("contoso01");
    expect(told.at(-1)).toEqual({ supported: true, intranetId: null, refused: true });
    expect(values).toEqual(before);
    expect(journal()).toBeNull();
    // Asked for while the intranet is down, it shows when it comes up.
    pacs.contoso01 = null;
    await proxy.use("contoso01");
    expect(told.at(-1)).toEqual({ supported: true, intranetId: "contoso01", refused: false });
    pacs.contoso01 = "http://127.0.0.1:1/proxy.pac";
    await proxy.follow();
    expect(told.at(-1)).toEqual({ supported: true, intranetId: null, refused: true });
    breakWrites(null);
    await proxy.use("contoso01");
    expect(told.at(-1)).toEqual({ supported: true, intranetId: "contoso01", refused: false });
    expect(values).toEqual(ours);
  });

  test("a quote in an address stays inside it", () => {
    expect(gnomeProxy().forPac("http://x/'; rm")["autoconfig-url"]).toBe("'http://x/%27; rm'");
  });
});
