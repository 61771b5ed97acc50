import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ResourceKind } from "#proto/client/v1/session_pb.js";
import { Refusal } from "./base/cause.ts";
import { requireResourceAddress, requireResourceKind } from "./domain/limits/resource.ts";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { makeAccount, makeInstance, signIn } from "./testing/person.ts";
import { startServer, type TestServer } from "./testing/server.ts";

describe("addresses", () => {
  test.each([
    ["web", "https://Portal.corp.example", "https://portal.corp.example/"],
    ["ssh", "Jump.corp.example:2222", "jump.corp.example:2222"],
    ["ssh", "10.0.0.5", "10.0.0.5"],
    ["rdp", "[fd00::5]:3389", "[fd00::5]:3389"],
    ["other", "fd00::5", "fd00::5"],
  ] as const)("%s %s", (kind, given, kept) => expect(requireResourceAddress(kind, given)).toBe(kept));
  test.each([
    ["web", "javascript:alert(1)"],
    ["web", "https://user:secret@corp.example/"],
    ["web", "portal"],
    ["ssh", "host:0"],
    ["ssh", "host:65536"],
    ["ssh", "a b"],
    ["ssh", "host\nProxyCommand evil"],
    ["ssh", "-oProxyCommand=evil"],
    ["web", `https://corp.example/${"a".repeat(512)}`],
  ] as const)("not %s %j", (kind, given) => expect(() => requireResourceAddress(kind, given)).toThrow(Refusal));
  test("only a URL implies a kind", () => {
    expect(["https://a/", "a:22"].map((address) => requireResourceKind(undefined, address))).toEqual(["web", "other"]);
    expect(() => requireResourceKind("telnet", "a")).toThrow("telnet");
  });
});

describe("published", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  test("a session gets resources in order and is notified of changes", async () => {
    const { code, id: instance } = await makeInstance(server);
    await makeAccount(server, instance, "anna.test");
    const here = await registerAccessPoint(server.running.url, server.ask, "here");
    await here.connect();
    await server.ask("resource add", { instance, name: "Portal", address: "https://portal.corp.example" });
    const session = await (await signIn(server, code, "anna.test")).dial();
    expect(session.resources).toMatchObject([
      { name: "Portal", kind: ResourceKind.WEB, address: "https://portal.corp.example/" },
    ]);
    const heard: string[] = [];
    const stream = (async () => {
      for await (const { event } of session.api.events({ hello })) heard.push(event.case ?? "");
    })();
    await expect.poll(() => heard).toEqual(["opened"]);
    await server.ask("resource add", { instance, name: "Jump host", kind: "ssh", address: "10.0.0.5:22" });
    await expect.poll(() => heard).toEqual(["opened", "profileChanged"]);
    const renewed = (await session.api.renew({ hello })).session;
    expect(renewed?.resources.map((r) => r.name)).toEqual(["Portal", "Jump host"]);
    const twice = server.ask("resource add", { instance, name: "Portal", address: "https://other.example" });
    await expect(twice).rejects.toMatchObject({ code: "already_exists" });
    // Omitted values and the position stay; kind and address must match.
    const set = (name: string, wish: object) => server.ask("resource set", { instance, name, ...wish });
    await set("Portal", { newName: "Wiki", address: "https://wiki.corp.example" });
    const changed = { name: "Wiki", kind: "web", address: "https://wiki.corp.example/" };
    expect(await set("Wiki", {})).toMatchObject({ resources: [changed, { name: "Jump host" }] });
    await expect(set("Jump host", { kind: "web" })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(set("Jump host", { newName: "Wiki" })).rejects.toMatchObject({ code: "already_exists" });
    await expect(set("Portal", { kind: "ssh" })).rejects.toMatchObject({ code: "not_found" });
    await set("Wiki", { newName: "Portal" });
    await server.ask("resource remove", { instance, name: "Portal" });
    await expect(server.ask("resource remove", { instance, name: "Portal" })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await server.ask("instance show", { instance })).toMatchObject({
      resources: [{ name: "Jump host", kind: "ssh", address: "10.0.0.5:22" }],
    });
    await session.api.hangUp({});
    await stream;
  });
});
