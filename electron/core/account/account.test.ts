import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../client/client.ts";
import { Secret } from "../credentials/secret.ts";
import { FakeCloud } from "../testing/cloud.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";

let machine: TestEnvironment;
let cloud: FakeCloud;
let client: Client;
const secret = (text: string): Secret => new Secret(text);

beforeEach(async () => {
  machine = testEnvironment();
  cloud = await new FakeCloud().start();
  client = createClient({ environment: machine });
  const { link: invitation, user: userName } = cloud;
  await client.signIn({ invitation, userName, password: secret(cloud.password), store: "file" });
});
afterEach(async () => {
  client.close();
  await cloud.stop();
  machine.remove();
});

describe("the user's own account", () => {
  it("lists devices and sessions in plain text, and ends them", async () => {
    const account = await client.account();
    expect(await account.devices()).toMatchObject([{ name: "laptop", thisDevice: true, signedIn: true }]);
    expect(await account.sessions()).toMatchObject([{ addresses: ["10.77.0.12"], ageMs: 5_000, thisDevice: false }]);
    await account.endDevice("a".repeat(32));
    await account.endSession("b".repeat(32));
    expect(cloud.calls.slice(-2)).toEqual([`endDevice ${"a".repeat(32)}`, `endSession ${"b".repeat(32)}`]);
    await expect(account.endSession("../../x")).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("refreshes a refused token once", async () => {
    cloud.forgetAccessTokens();
    expect(await (await client.account()).devices()).toHaveLength(1);
    expect(cloud.count("refresh")).toBe(1);
  });

  it("requires a sign-in for devices and sessions", async () => {
    await client.signOut();
    await expect((await client.account()).devices()).rejects.toMatchObject({ code: "sign_in_expired" });
  });
});

it("removes blanks around a user name before sending or comparing it", async () => {
  const { link: invitation, user } = cloud;
  await client.signIn({ invitation, userName: ` ${user}\u00a0`, password: secret(cloud.password), store: "file" });
  expect(await client.intranets()).toHaveLength(1);
});

it("resets a forgotten password with the mailed code, also without a sign-in", async () => {
  const account = await client.account();
  await account.forgotPassword({});
  await expect(account.resetPassword({}, secret("000000"), secret("next"))).rejects.toMatchObject({
    code: "bad_credentials",
  });
  const of = { account: { invitation: cloud.link, userName: cloud.user } };
  await account.resetPassword(of, secret(cloud.mailedCode), secret("next"));
  expect(cloud.password).toBe("next");
});

it("creates, confirms and removes a second factor without printing its secret", async () => {
  const account = await client.account();
  const password = secret(cloud.password);
  const made = await account.enrolSecondFactor({}, password);
  expect(made.secret.reveal()).toBe("ABCD");
  expect(JSON.stringify(made)).not.toContain("ABCD");
  await account.confirmSecondFactor({}, password, secret("111111"));
  await account.removeSecondFactor({}, password, secret("222222"));
  expect(cloud.calls.slice(-2)).toEqual(["confirm 111111", "remove 222222"]);
});
