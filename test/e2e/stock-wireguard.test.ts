import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { must } from "../harness/command.ts";
import { addresses, network, portalText, records } from "../harness/intranet/plan.ts";
import { createNamespace, type Namespace } from "../harness/namespace.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { userName } from "../harness/site.ts";
import { callClientApi, type StockSession, stockWireguard } from "../harness/stock.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** As docs/client-api.md promises, curl and a stock WireGuard suffice to reach the intranet. */
const isRoot = process.getuid?.() === 0;
let namespace: Namespace;
const link = `wgsag${process.pid % 10_000}`;

beforeAll(async () => {
  if (isRoot) namespace = await createNamespace();
});
const company = givenCompany({ host: () => namespace?.host ?? "127.0.0.1", ordinary: true });
let stock: ReturnType<typeof spawn> | undefined;
afterAll(async () => {
  stock?.kill("SIGTERM");
  await namespace?.remove();
});
beforeEach((context) => {
  needsRoot(context);
  needsProgram(context, "wg", "curl", "ping", "dig");
});

/** Calls the client API of the company's cloud instance. */
const call = <T>(method: string, body: object, bearer?: string): Promise<T> =>
  callClientApi(company.site.cloud.ready, method, body, bearer);

const hello = { version: "0.1.0" };

it("wireguard-go, configured with wg and curl from SignIn and Dial, carries traffic through the access point", async () => {
  const [instance] = await company.site.sagctl<{ enterpriseCode: string }[]>(["instance", "list"]);
  const { signedIn } = await call<{ signedIn: { tokens: { accessToken: string } } }>("SignIn", {
    hello,
    enterpriseCode: instance?.enterpriseCode,
    userName,
    password: company.password,
    device: { id: randomBytes(16).toString("hex"), name: "a box with curl", platform: "linux" },
  });
  const privateKey = (await must(["wg", "genkey"])).trim();
  const publicKey = (await must(["wg", "pubkey"], { stdin: privateKey })).trim();
  const dial = { hello, publicKey, mode: "MODE_SYSTEM" };
  const { session } = await call<{ session: StockSession }>("Dial", dial, signedIn.tokens.accessToken);
  expect(session.routes).toContain(network);
  const accessPoint = session.accessPoints.find((one) => one.ready);
  if (!accessPoint) throw new Error("no access point was ready");

  const file = (name: string, text: string): string => {
    const path = join(company.workspace.dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const [program = "", ...args] = namespace.exec([await stockWireguard(), "-f", link]);
  stock = spawn(program, args, { stdio: "ignore" });
  await until("its socket", () => existsSync(`/var/run/wireguard/${link}.sock`));
  const inside = (...command: string[]): Promise<string> => must(namespace.exec(command));
  const [endpoint] = accessPoint.endpoints;
  const peer = ["peer", accessPoint.publicKey, "preshared-key", file("psk", accessPoint.presharedKey)];
  const where = ["endpoint", `${endpoint?.host}:${endpoint?.port}`, "allowed-ips", session.routes.join(",")];
  await inside("wg", "set", link, "private-key", file("key", privateKey), ...peer, ...where);
  for (const address of session.addresses) await inside("ip", "addr", "add", address, "dev", link);
  await inside("ip", "link", "set", link, "mtu", `${session.mtu}`, "up");
  await inside("ip", "route", "add", network, "dev", link);

  expect(await inside("curl", "-sS", "--fail", "--max-time", "10", `http://${addresses.portal}/`)).toContain(
    portalText,
  );
  expect(await inside("dig", "+short", `@${addresses.names}`, "portal.trial.internal")).toBe(
    `${records["portal.trial.internal"]}\n`,
  );
  expect(await inside("ping", "-c", "3", "-i", "0.2", "-W", "2", addresses.portal)).toContain("3 received");
});
