import { describe, expect, test } from "vitest";
import type { BrowserSetting } from "../../bridge.ts";
import { gnomeProxy } from "./gnome.ts";
import { BrowserProxy, type JournalEntry, type ProxySetting } from "./proxy.ts";

/** GNOME's settings as a map, used by the real adapter. */
const desktop = () => {
  const values: ProxySetting = { mode: "'manual'", "autoconfig-url": "''" };
  let journal: JournalEntry | null = null;
  const writes: string[] = [];
  let broken: "loses" | "half" | "throws" | null = null;
  const system = gnomeProxy(async (_program, [verb, , key = "", value = ""]) => {
    if (verb === "writable") return "true";
    if (verb === "get") return values[key] ?? "";
    // Checks that the journal is written before the setting.
    writes.push(`${key} ${journal === null ? "unnoted" : "noted"}`);
    if (broken === "throws") throw new Error("the schema is locked");
    if (broken === "loses" || (broken === "half" && key === "mode")) return "";
    values[key] = value;
    return "";
  });
  const pacs: Record<string, string | null> = { contoso01: "http://127.0.0.1:1/proxy.pac" };
  const changes: BrowserSetting[] = [];
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
      changed: (setting) => changes.push(setting),
    });
  const breakWrites = (how: typeof broken): void => {
    broken = how;
  };
  return { values, pacs, changes, writes, open, breakWrites, journal: () => journal };
};

const before = { mode: "'manual'", "autoconfig-url": "''" };
const ours = { mode: "'auto'", "autoconfig-url": "'http://127.0.0.1:1/proxy.pac'" };

describe("the browsers' proxy setting", () => {
  test("is set while the intranet is connected, and restored afterwards", async () => {
    const { values, pacs, open, writes, changes } = desktop();
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
    expect(changes.at(-1)).toEqual({ supported: true, intranetId: null, refused: false });
  });

  test("is restored at the next start after a crash", async () => {
    const { values, open, journal } = desktop();
    const crashed = open();
    await crashed.start();
    await crashed.use("contoso01");
    await open().start();
    expect(values).toEqual(before);
    expect(journal()).toBeNull();
  });

  test("is restored after a crash between journal and setting, or between two keys", async () => {
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

  test("is left alone if the user has changed it", async () => {
    const { values, open } = desktop();
    const proxy = open();
    await proxy.start();
    await proxy.use("contoso01");
    values.mode = "'none'";
    await proxy.use(null);
    expect(values.mode).toBe("'none'");
    expect(values["autoconfig-url"]).toBe("''");
  });

  test("follows a new PAC address, and the original setting is restored", async () => {
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
    ["loses writes, as without a D-Bus session", "loses"],
    ["stores the address but not the mode", "half"],
    ["refuses to write", "throws"],
  ] as const)("a desktop that %s: the switch turns off with a message, and nothing is left", async (_, how) => {
    const { values, changes, pacs, open, journal, breakWrites } = desktop();
    const proxy = open();
    await proxy.start();
    breakWrites(how);
    await proxy.use("contoso01");
    expect(changes.at(-1)).toEqual({ supported: true, intranetId: null, refused: true });
    expect(values).toEqual(before);
    expect(journal()).toBeNull();
    // Requested while the intranet is down, it is set once the intranet is connected.
    pacs.contoso01 = null;
    await proxy.use("contoso01");
    expect(changes.at(-1)).toEqual({ supported: true, intranetId: "contoso01", refused: false });
    pacs.contoso01 = "http://127.0.0.1:1/proxy.pac";
    await proxy.follow();
    expect(changes.at(-1)).toEqual({ supported: true, intranetId: null, refused: true });
    breakWrites(null);
    await proxy.use("contoso01");
    expect(changes.at(-1)).toEqual({ supported: true, intranetId: "contoso01", refused: false });
    expect(values).toEqual(ours);
  });

  test("escapes quotes in an address", () => {
    expect(gnomeProxy().forPac("http://x/'; rm")["autoconfig-url"]).toBe("'http://x/%27; rm'");
  });
});
