import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { IntranetRecord } from "../settings/schema.ts";
import { chooseIntranet } from "../settings/settings.ts";
import { environment, signIn } from "../testing/client.ts";
import { createClient } from "./client.ts";

it("needs no name if only one of several intranets is signed in", () => {
  const record = (id: string, signedIn: boolean) => ({ id, name: id, signedIn }) as IntranetRecord;
  const chosen = (...intranets: IntranetRecord[]) => chooseIntranet({ version: 1, intranets }, undefined).id;
  expect(chosen(record("aaaa", false), record("bbbb", true))).toBe("bbbb");
  expect(() => chosen(record("aaaa", true), record("bbbb", true))).toThrow("several intranets");
  expect(() => chosen(record("aaaa", false), record("bbbb", false))).toThrow("several intranets");
});

describe("settings", { timeout: 30_000 }, () => {
  it("moves a damaged file aside and continues", async () => {
    const notices: string[] = [];
    mkdirSync(environment.configDir, { recursive: true });
    writeFileSync(join(environment.configDir, "settings.json"), '{"version":1,"intranets":[{"id"');
    const client = createClient({ environment, onNotice: (text) => notices.push(text) });
    expect(await client.states()).toEqual([]);
    expect(notices).toHaveLength(1);
    expect(readFileSync(join(environment.configDir, "settings.json.damaged"), "utf8")).toContain('{"id"');
  });

  it("keeps fields of later versions", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    const path = join(environment.configDir, "settings.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    settings.later = { a: 1 };
    settings.intranets[0].colour = "blue";
    writeFileSync(path, JSON.stringify(settings));
    await client.signIn(signIn({ intranet: "renamed" }));
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      later: { a: 1 },
      intranets: [{ colour: "blue", name: "renamed" }],
    });
  });
});
