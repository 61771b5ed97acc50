import { expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true });

/** Ids of the server's sessions. */
const sessions = async (): Promise<string[]> =>
  (await company.site.sagctl<{ id: string }[]>(["session", "list"])).map((one) => one.id);

it("sag connect dials again within the same command if the session is reconnecting", async () => {
  const { person, seen } = await company.connected();
  const { pid } = company.site.accessPoints[0]?.ready ?? { pid: 0 };
  const before = await sessions();
  expect(before).toHaveLength(1);
  process.kill(pid, "SIGSTOP");
  try {
    await until("reconnecting", async () => (await person.status()).phase === "reconnecting");
    const connecting = person.connect();
    connecting.catch(() => undefined);
    await until("another session", async () => {
      const now = await sessions();
      return now.length === 1 && now[0] !== before[0];
    });
    process.kill(pid, "SIGCONT");
    const again = await connecting;
    expect(again).toMatchObject({ phase: "connected", pid: seen.pid });
    expect((await fetchBySocks(`${again.socks}`, portalUrl)).text).toContain(portalText);
    expect(await sessions()).toHaveLength(1);
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

it("a cloud instance that stops answering is marked at its hop within 25 s, and the session continues", async () => {
  const { person, seen } = await company.connected();
  const { pid } = company.site.cloud.ready;
  const instance = async () => (await person.status()).hops.find((hop) => hop.kind === "instance");
  expect(await instance()).toMatchObject({ whole: true });
  process.kill(pid, "SIGSTOP");
  try {
    await until("the hop is marked", async () => (await instance())?.whole === false, 25_000);
    expect(await instance()).toMatchObject({ missing: { code: "instance_unreachable" } });
    expect(await person.status()).toMatchObject({ phase: "connected", session: { id: seen.session?.id } });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await until("the hop is whole again", async () => (await instance())?.whole === true, 25_000);
});
