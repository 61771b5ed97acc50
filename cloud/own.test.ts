import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import { Mode } from "#proto/types/v1/state_pb.js";
import type { SessionView } from "./domain/sessions/listing.ts";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance } = await startCompany();
afterAll(() => server.close());

test("lists and ends one's own devices and sessions", async () => {
  for (const user of ["anna.test", "other.test"]) await makeAccount(server, instance.id, user);
  const desk = await signIn(server, instance.code, "anna.test", newDevice("desk"));
  const phone = await signIn(server, instance.code, "anna.test", newDevice("phone"));
  const stranger = await signIn(server, instance.code, "other.test");
  const [here, there, foreign] = [await desk.dial(), await phone.dial(), await stranger.dial()];
  const { client } = clientsOf(server.running.url, desk.tokens.access);

  const { devices } = await client.listDevices({});
  const seen = devices.map(({ name, signedIn, thisDevice }) => ({ name, signedIn, thisDevice }));
  expect(seen).toHaveLength(2);
  expect(seen).toEqual(
    expect.arrayContaining([
      { name: "desk", signedIn: true, thisDevice: true },
      { name: "phone", signedIn: true, thisDevice: false },
    ]),
  );
  const { sessions } = await client.listSessions({});
  expect(new Set(sessions.map((one) => one.sessionId))).toEqual(new Set([here.sessionId, there.sessionId]));
  expect(sessions.find((one) => one.thisDevice)).toMatchObject({
    sessionId: here.sessionId,
    deviceName: "desk",
    mode: Mode.PROXY,
    addresses: here.addresses.map((address) => address.split("/")[0]),
  });

  expect((await refusal(client.endSession({ sessionId: foreign.sessionId }))).word).toBe("not_found");
  expect((await refusal(client.endDevice({ deviceId: stranger.device.id }))).word).toBe("not_found");
  await foreign.api.renew({ hello });

  const heard: unknown[] = [];
  const stream = (async () => {
    for await (const { event } of there.api.events({ hello }))
      heard.push(event.case === "ended" ? event.value.text : "");
  })();
  await expect.poll(() => heard.length).toBe(1);
  await client.endSession({ sessionId: there.sessionId });
  await client.endSession({ sessionId: there.sessionId });
  await stream;
  expect(heard.at(-1)).toBe("Ended from desk.");
  expect(await refusal(there.api.renew({ hello }))).toMatchObject({
    word: "kicked",
    text: "Ended from desk.",
    deviceName: "desk",
  });
  const listed = (await server.ask("session list", { instance: instance.id, which: "ended" })) as SessionView[];
  const words = { key: "cloud.session_ended_from", params: { device: "desk" }, text: "Ended from desk." };
  expect(listed.map(({ ended }) => ended)).toMatchObject([
    { cause: "kicked", reason: "Ended from desk.", reasonWords: words },
  ]);

  const again = await phone.dial();
  await client.endDevice({ deviceId: phone.device.id });
  // Not kicked: the device has to sign in again.
  expect(await refusal(again.api.renew({ hello }))).toMatchObject({
    word: "sign_in_expired",
    text: "Signed out from desk.",
    deviceName: "desk",
  });
  expect((await refusal(phone.dial())).word).toBe("sign_in_expired");
  const afterwards = (await server.ask("session list", { instance: instance.id, which: "ended" })) as SessionView[];
  expect(afterwards.map(({ id, deviceName }) => [id, deviceName])).toEqual([
    [again.sessionId, "phone"],
    [there.sessionId, "phone"],
  ]);
  const { client: anonymous } = clientsOf(server.running.url);
  const refreshed = anonymous.refresh({ hello, refreshToken: phone.tokens.refresh, deviceId: phone.device.id });
  expect((await refusal(refreshed)).word).toBe("sign_in_expired");
  expect((await client.listDevices({})).devices.map((one) => one.name)).toEqual(["desk"]);
  await here.api.renew({ hello });
  expect((await refusal(anonymous.listSessions({}))).word).toBe("sign_in_expired");
});

test("keeps ended sessions for 90 days", async () => {
  await makeAccount(server, instance.id, "berta.test");
  const session = await (await signIn(server, instance.code, "berta.test")).dial();
  await session.api.hangUp({});
  const state = () => refusal(session.api.renew({ hello })).then(({ text }) => text);
  const database = new DatabaseSync(`${server.directory}/cloud.db`, { readOnly: true });
  const kept = () => database.prepare("select count(*) n from session where id = ?").get(session.sessionId)?.n;
  server.clock.advance(89 * 86_400_000);
  await state();
  expect(kept()).toBe(1);
  server.clock.advance(86_400_000 + 120_000);
  await expect.poll(kept).toBe(0);
  expect((await refusal(session.api.renew({ hello }))).word).toBe("session_expired");
  database.close();
});
