import { expect, test } from "vitest";
import type { Refusal } from "../base/cause.ts";
import type { Refused } from "../testing/admin-api.ts";
import {
  aclInput,
  bothEntries,
  carInput,
  carParameters,
  ccnInput,
  cenInput,
  flowLogInput,
  networkInput,
  policyInput,
  policyParameters,
  qosInput,
  region as RegionId,
  refusalOf,
} from "../testing/both-entries.ts";

// Names and other texts that sagctl's socket refuses are refused by the published API with the same message.

const { rpc, sagctl, ordered, makeRoom, newQos } = bothEntries();

/** Texts that are not allowed as a name, and the message for each. */
const badNames: Record<string, [name: string, says: string]> = {
  "an end of line": ["a\nb", "The name must be one line without control characters."],
  "another direction of writing": ["a\u202eb", "The name must be one line without control characters."],
  "no character": ["a\uffffb", "The name must be one line without control characters."],
  "half a character": ["a\ud800b", "The name must be one line without control characters."],
  "only blanks": ["   ", "The name must not be blank."],
  "too long": ["x".repeat(129), "The name must have 2 to MAX characters; it has 129."],
  "too short": ["x", "The name must have 2 to MAX characters; it has 1."],
};

interface Named {
  /** The published code; default InvalidName. */
  code?: string;
  min?: number;
  max: number;
  rpc(name: string): Promise<unknown>;
  sagctl(name: string): Promise<unknown>;
}

/** Objects with a name that administrators set. */
const named: Record<string, (id: string) => Named> = {
  "an instance": (id) => ({
    max: 128,
    rpc: (Name) => rpc("ModifySmartAccessGateway", { RegionId, SmartAGId: id, Name }),
    sagctl: (name) => sagctl("instance set", { instance: id, name }),
  }),
  "a CCN": () => ({
    max: 100,
    rpc: (Name) => rpc("CreateCloudConnectNetwork", { RegionId, Name }),
    sagctl: (name) => sagctl("ccn create", { ...ccnInput, name }),
  }),
  "a CEN": () => ({
    max: 128,
    rpc: (Name) => rpc("CreateCen", { Name }, "cbn"),
    sagctl: (name) => sagctl("cen create", { ...cenInput, name }),
  }),
  "an ACL": () => ({
    max: 100,
    rpc: (Name) => rpc("CreateACL", { RegionId, Name }),
    sagctl: (name) => sagctl("acl create", { ...aclInput, name }),
  }),
  "a QoS policy": () => ({
    max: 100,
    code: "InvalidParameter.Name",
    rpc: (QosName) => rpc("CreateQos", { RegionId, QosName }),
    sagctl: (name) => sagctl("qos create", { ...qosInput, name }),
  }),
  "a throttling rule": () => ({
    max: 128,
    code: "InvalidParameter.Name",
    rpc: async (Name) => rpc("CreateQosCar", { RegionId, QosId: await newQos(), ...carParameters, Name }),
    sagctl: async (name) => sagctl("qos add-car", { qos: await newQos(), car: { ...carInput, name } }),
  }),
  "a classification rule": () => ({
    max: 100,
    code: "InvalidParameter.Name",
    rpc: async (Name) => rpc("CreateQosPolicy", { RegionId, QosId: await newQos(), ...policyParameters, Name }),
    sagctl: async (name) => sagctl("qos add-policy", { qos: await newQos(), rule: { ...policyInput, name } }),
  }),
  "a flow log": () => ({
    min: 1,
    max: 128,
    code: "IllegalParam.Name",
    rpc: (Name) => rpc("CreateFlowLog", { RegionId, NetflowServerIp: "10.9.9.9", Name }),
    sagctl: (name) => sagctl("flow-log create", { ...flowLogInput, name }),
  }),
  "a cloud network": () => ({
    max: 128,
    rpc: (Name) => rpc("CreateCloudNetwork", { RegionId, Name, CidrBlock: ["10.4.0.0/16"] }, "sag"),
    sagctl: (name) => sagctl("network create", { ...networkInput, name }),
  }),
  "an account of the product": () => ({
    max: 64,
    rpc: (Name) => rpc("CreateTenant", { Name }, "sag"),
    sagctl: (name) => sagctl("tenant create", { name }),
  }),
};

for (const [what, of] of Object.entries(named)) {
  test(`name of ${what}: both APIs refuse the same texts with the same message`, async () => {
    await makeRoom();
    const { id } = await ordered(1);
    const { min = 2, max, code = "InvalidName", ...ask } = of(id);
    for (const [why, [name, says]] of Object.entries(badNames)) {
      if (why === "too short" && min < 2) continue;
      const expected = says.replace("2 to MAX", `${min} to ${max}`);
      const here = await refusalOf<Refusal>(ask.sagctl(name));
      expect([here?.code, here?.message], why).toEqual(["invalid_argument", expected]);
      // An unpaired surrogate cannot be encoded in a form.
      if (!name.isWellFormed()) continue;
      const there = await refusalOf<Refused>(ask.rpc(name));
      expect([there?.code, there?.body.Message], why).toEqual([code, expected]);
    }
  }, 60_000);
}

test("names of QoS start with a letter and have no blanks, in both APIs", async () => {
  await makeRoom();
  const QosId = await newQos();
  const names: Record<string, [policy: boolean, tuple: boolean]> = {
    "voice-1_x": [true, true],
    语音: [true, true],
    "voice.1": [true, false],
    "1voice": [false, false],
    "-voice": [false, false],
    "voice 1": [false, false],
    "voice/1": [false, false],
  };
  for (const [name, accepted] of Object.entries(names)) {
    const asks = [
      [() => rpc("CreateQos", { RegionId, QosName: name }), () => sagctl("qos create", { ...qosInput, name })],
      [
        () => rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters, Name: name }),
        () => sagctl("qos add-policy", { qos: QosId, rule: { ...policyInput, name } }),
      ],
    ] as const;
    for (const [i, [there, here]] of asks.entries()) {
      const published = (await refusalOf<Refused>(there()))?.code ?? "accepted";
      const cause = (await refusalOf<Refusal>(here()))?.code ?? "accepted";
      const expected = accepted[i] ? ["accepted", "accepted"] : ["InvalidParameter.Name", "invalid_argument"];
      expect([published, cause], `${name} ${i}`).toEqual(expected);
    }
  }
  const described = (QosDescription: string) =>
    refusalOf<Refused>(rpc("ModifyQos", { RegionId, QosId, QosDescription }));
  expect(await described("Calls come first, then the rest.")).toBeUndefined();
  expect((await described("1st of all"))?.code).toBe("InvalidParameter.Description");
  expect((await described("x".repeat(513)))?.code).toBe("InvalidParameter.Description");
});

test("sagctl's socket refuses invalid descriptions, tags, reasons and resource names", async () => {
  const { id } = await ordered(1);
  const asks: Record<string, (text: string) => Promise<unknown>> = {
    description: (text) => sagctl("instance set", { instance: id, description: text }),
    position: (text) => sagctl("instance set", { instance: id, position: text }),
    reason: (text) => sagctl("account kick", { instance: id, user: "nobody.test", reason: text }),
    name: (text) => sagctl("resource add", { instance: id, name: text, address: "https://wiki.example" }),
    "tag value": (text) => sagctl("cen create", { ...cenInput, tags: [{ key: "a", value: text }] }),
    "tag key": (text) => sagctl("cen create", { ...cenInput, tags: [{ key: text, value: "" }] }),
  };
  for (const [field, ask] of Object.entries(asks)) {
    for (const text of ["a\nb", "a\u202eb"]) {
      await expect(ask(text), field).rejects.toThrow(`The ${field} must be one line without control characters.`);
    }
    await expect(ask("   "), field).rejects.toThrow(`The ${field} must not be blank.`);
    await expect(ask("x".repeat(513)), field).rejects.toThrow(`characters; it has 513.`);
  }
});

test("refuses input that does not match its schema with our own messages", async () => {
  const cases: [command: string, input: Record<string, unknown>, says: string][] = [
    ["tenant list", { extra: 1 }, "There is no parameter extra."],
    ["instance set", { name: 5 }, "The name must be a text."],
    ["session end", { reason: "" }, "The id is missing."],
    ["access-key disable", { id: "x".repeat(65) }, "The id must have at most 64 characters."],
    ["access-key create", { role: "king" }, "The role must be one of administrator, read-only, accounts-only."],
    ["audit list", { limit: 0 }, "The limit must be at least 1."],
    ["audit list", { limit: 1_001 }, "The limit must be at most 1000."],
  ];
  for (const [command, input, says] of cases) await expect(sagctl(command, input), command).rejects.toThrow(says);
});
