import { query } from "../../cloud/store/kysely.ts";
import { openStore } from "../../cloud/store/open.ts";
import { closeStore, transaction } from "../../cloud/store/transaction.ts";
import { type AccessKeyPair, local, makeKey } from "../../cloud/testing/admin-api.ts";
import { rawClient } from "../../cloud/testing/raw.ts";
import { startServer, type TestServer } from "../../cloud/testing/server.ts";
import type { Measured } from "./measured.ts";
import { round } from "./measured.ts";

const instances = 100;
const accountsEach = 1_000;
const RegionId = "cn-shanghai";
/** Number of concurrent calls. */
const workers = 8;

/**
 * Requests per second and 99th percentile of Describe and Create at a server with 100 instances of 1,000 accounts,
 * and whether pages stay stable while accounts are added. The accounts are inserted directly, because hashing 100,000
 * passwords is not what is measured.
 */
export async function admin(short: boolean): Promise<Measured> {
  const server = await startServer();
  try {
    const key = await makeKey(server);
    const ids = await fill(server);
    const rounds = short ? 400 : 4_000;
    const user = (n: number, more = {}) => ({ RegionId, SmartAGId: ids[n % instances] ?? "", ...more });
    const figures: Record<string, number> = {};
    const measure = async (name: string, calls: number, call: (n: number) => [string, Record<string, string>]) => {
      const { perSecond, p50, p99 } = await drive(server, key, calls, call);
      Object.assign(figures, { [`${name}PerSecond`]: perSecond, [`${name}P50Ms`]: p50, [`${name}P99Ms`]: p99 });
    };
    await measure("describeInstances", rounds, (n) => [
      "DescribeSmartAccessGateways",
      { PageNumber: `${(n % 10) + 1}` },
    ]);
    await measure("describeUsers", rounds, (n) => [
      "DescribeSmartAccessGatewayClientUsers",
      user(n, { PageSize: "50", PageNumber: `${(n % 20) + 1}` }),
    ]);
    await measure("createAcl", rounds / 4, (n) => ["AddACLRule", rule(server, n)]);
    await measure("createUser", rounds / 10, (n) => [
      "CreateSmartAccessGatewayClientUser",
      user(n, { UserMail: "a@b", UserName: `bench.${n}.user`, Password: "12345678", Bandwidth: "1" }),
    ]);
    const { twice, missed } = await turnPages(server, key, ids[0] ?? "");
    figures.pagesSeenTwice = twice;
    figures.pagesMissed = missed;
    figures.residentMb = Math.round(process.memoryUsage.rss() / 1e6);
    // There are no ratios, because other VPN servers have no comparable API.
    return { rounds, figures, ratios: {} };
  } finally {
    await server.close();
  }
}

let acl = "";
const rule = (_server: TestServer, n: number) => ({
  RegionId,
  AclId: acl,
  Direction: "in",
  Policy: "accept",
  IpProtocol: "tcp",
  SourceCidr: "0.0.0.0/0",
  DestCidr: `10.${n % 200}.0.0/16`,
  SourcePortRange: "-1/-1",
  DestPortRange: "80/80",
});

async function fill(server: TestServer): Promise<string[]> {
  const order = { RegionId, ChargeType: "PREPAY", Period: "36", DataPlan: "5", UserCount: "2000", AutoPay: "true" };
  const ask = (action: string, parameters: Record<string, string>) =>
    server.ask("api call", { product: "smartag", action, parameters }) as Promise<Record<string, string>>;
  const ids: string[] = [];
  for (let n = 0; n < instances; n++) ids.push((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId ?? "");
  acl = (await ask("CreateACL", { RegionId, Name: "bench" })).AclId ?? "";
  await local(server, "SetQuota", { Name: "rules-per-acl", Value: "1000" });
  const store = openStore(server.directory);
  for (const [i, instance] of ids.entries()) {
    const rows = Array.from({ length: accountsEach }, (_, n) => ({
      id: `acc-${i}-${n}`,
      instance_id: instance,
      // All instances share one code, so every user name has to be unique.
      user_name: `user.${i}.${n}`,
      name_key: `user.${i}.${n}`,
      mail: "a@b",
      password_hash: "",
      must_change: 0,
      disabled: 0,
      bandwidth: 2_000,
      client_ip: null,
      created_at: n,
    }));
    await transaction(store, async (tx) => {
      for (let from = 0; from < rows.length; from += 250) {
        await query(tx)
          .insertInto("account")
          .values(rows.slice(from, from + 250))
          .execute();
      }
    });
  }
  await closeStore(store);
  return ids;
}

async function drive(
  server: TestServer,
  key: AccessKeyPair,
  calls: number,
  call: (n: number) => [string, Record<string, string>],
): Promise<{ perSecond: number; p50: number; p99: number }> {
  const client = rawClient(server, key);
  const took: number[] = [];
  let next = 0;
  const work = async () => {
    while (next < calls) {
      const [action, fields] = call(next++);
      const start = performance.now();
      const answer = await client.ask({ action, fields });
      took.push(performance.now() - start);
      if (answer.status !== 200) throw new Error(`${action}: ${answer.text}`);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (performance.now() - begun) / 1_000;
  client.close();
  took.sort((a, b) => a - b);
  const at = (share: number) => round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0);
  return { perSecond: round(calls / seconds), p50: at(0.5), p99: at(0.99) };
}

/**
 * Reads all pages while accounts are added and removed; returns how many of the unchanged ones were listed twice, and
 * how many were missing.
 */
async function turnPages(
  server: TestServer,
  key: AccessKeyPair,
  SmartAGId: string,
): Promise<{ twice: number; missed: number }> {
  const client = rawClient(server, key);
  const seen = new Map<string, number>();
  const gone = new Set<string>();
  for (let page = 1; ; page++) {
    const fields = { RegionId, SmartAGId, PageSize: "50", PageNumber: `${page}` };
    const { body } = await client.ask({ action: "DescribeSmartAccessGatewayClientUsers", fields });
    const { User } = body.Users as { User: { UserName: string }[] };
    for (const { UserName } of User) seen.set(UserName, (seen.get(UserName) ?? 0) + 1);
    if (User.length < 50) break;
    const UserName = User[0]?.UserName ?? "";
    gone.add(UserName);
    await client.ask({ action: "DeleteSmartAccessGatewayClientUser", fields: { RegionId, SmartAGId, UserName } });
    const added = { UserMail: "a@b", UserName: `paging.${page}.user`, Password: "12345678", Bandwidth: "1" };
    await client.ask({ action: "CreateSmartAccessGatewayClientUser", fields: { RegionId, SmartAGId, ...added } });
  }
  client.close();
  const there = Array.from({ length: accountsEach }, (_, n) => `user.0.${n}`).filter((name) => !gone.has(name));
  return {
    twice: [...seen.values()].filter((times) => times > 1).length,
    missed: there.filter((name) => !seen.has(name)).length,
  };
}
