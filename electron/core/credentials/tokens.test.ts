import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../client/client.ts";
import { parseAddress } from "../instance/address.ts";
import { InstanceApi } from "../instance/api.ts";
import { FakeCloud } from "../testing/cloud.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { Secret } from "./secret.ts";
import { openStore } from "./store.ts";
import { accessToken } from "./tokens.ts";

let cloud: FakeCloud;
let environment: TestEnvironment;
let intranetId: string;

beforeEach(async () => {
  cloud = await new FakeCloud().start();
  environment = testEnvironment();
  const state = await createClient({ environment }).signIn({
    invitation: cloud.link,
    userName: cloud.user,
    password: new Secret(cloud.password),
    store: "file",
  });
  intranetId = state.intranetId;
});
afterEach(async () => {
  await cloud.stop();
  environment.remove();
});

const ask = async (refused?: Secret): Promise<Secret> => {
  const opened: InstanceApi[] = [];
  try {
    return await accessToken({
      environment,
      intranetId,
      store: await openStore(environment, "file"),
      deviceId: "0".repeat(32),
      api: async () => {
        const api = await InstanceApi.open(parseAddress(cloud.host), { pins: [cloud.pin] });
        opened.push(api);
        return api;
      },
      refused,
    });
  } finally {
    for (const api of opened) api.close();
  }
};

describe("access token", { timeout: 60_000 }, () => {
  it("is the stored one while it is valid", async () => {
    await ask();
    expect(cloud.count("refresh")).toBe(0);
  });

  it("is requested once for 20 concurrent callers, who all get the same", async () => {
    environment.advance(3_600_000);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(new Set(tokens.map((token) => token.reveal())).size).toBe(1);
    expect(cloud.count("refresh")).toBe(1);
  });

  it("is requested once if it was refused to 20 callers at the same time", async () => {
    const refused = await ask();
    await Promise.all(Array.from({ length: 20 }, () => ask(refused)));
    expect(cloud.count("refresh")).toBe(1);
  });

  it("is not lost when several processes refresh at the same time repeatedly", async () => {
    cloud.accessLifetime = 1;
    environment.advance(3_600_000);
    const ends = await Promise.all(Array.from({ length: 8 }, () => refreshing(5)));
    expect(ends).toEqual(Array.from({ length: 8 }, () => 0));
    // Every token expires at once, so all processes refresh every time, and none is signed out by another's refresh.
    expect(cloud.count("refresh")).toBe(40);
    await ask();
  });
});

/** A process that requests a token so many times; returns its exit code. */
function refreshing(times: number): Promise<number | null> {
  const here = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
  const { configDir, stateDir, runtimeDir, uid } = environment;
  const program = `
    import { InstanceApi } from ${here("../instance/api.ts")};
    import { parseAddress } from ${here("../instance/address.ts")};
    import { openStore } from ${here("./store.ts")};
    import { accessToken } from ${here("./tokens.ts")};
    const environment = { ...${JSON.stringify({ configDir, stateDir, runtimeDir, uid })}, now: () => Date.now() + 3_600_000 };
    for (let i = 0; i < ${times}; i += 1) {
      let api;
      await accessToken({
        environment,
        intranetId: ${JSON.stringify(intranetId)},
        store: await openStore(environment, "file"),
        deviceId: "0".repeat(32),
        api: async () => (api = await InstanceApi.open(parseAddress(${JSON.stringify(cloud.host)}), { pins: [${JSON.stringify(cloud.pin)}] })),
      });
      api?.close();
    }
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((resolve) => child.on("exit", resolve));
}
