import { afterAll, beforeAll } from "vitest";
import { registerAccessPoint, type TestAccessPoint } from "../access-point.ts";
import { type Ask, type Fields, local, makeKey, openApi } from "../admin-api.ts";
import { conforming } from "../conformance.ts";
import { startServer, type TestServer } from "../server.ts";

export const RegionId = "cn-shanghai";
export const abroad = "ap-southeast-1";

/** Answered fields, by operation. */
export const seen = new Map<string, Set<string>>();
/** Differences of answers from the published shape. */
export const wrong: string[] = [];

/** Set up for the test file: a server, and the published API as two product accounts, "default" and "partner". */
export let server: TestServer;
export let ours: Ask;
export let theirs: Ask;
export let uids: { ours: number; theirs: number };
let accessPoint: TestAccessPoint;

beforeAll(async () => {
  server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  accessPoint = await registerAccessPoint(server.running.url, server.ask, "here");
  await accessPoint.connect();
  ours = conforming(openApi(server, await makeKey(server)), seen, wrong);
  theirs = conforming(openApi(server, await makeKey(server, "administrator", "partner"), true), seen, wrong);
  const all = (await local(server, "DescribeTenants")).Tenants as { Tenant: { Name: string; Uid: number }[] };
  const uid = (name: string) => all.Tenant.find((tenant) => tenant.Name === name)?.Uid ?? 0;
  uids = { ours: uid("default"), theirs: uid("partner") };
});
afterAll(async () => {
  await accessPoint.disconnect();
  await server.close();
});

/** The published code of a refusal. */
export const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { code?: string }) => error.code ?? String(error),
  );
/** The elements of a list in an answer. */
export const list = (answer: Fields, outer: string, inner: string) =>
  (answer[outer] as Record<string, Fields[]>)[inner] ?? [];

/** Orders an instance; returns its id. */
export async function instance(ask: Ask, region = RegionId, users = 10): Promise<string> {
  const order = { RegionId: region, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: users, AutoPay: true };
  return String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
}
