import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { needsProgram, needsRoot, notRunHere } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4 } from "./campus.ts";
import { addVpnServer, bridge, networkd, networkManager, openVpn, type Rival, wgQuick } from "./rivals.ts";

/** Other programs that change routes and links: the tunnel recovers soon, and their settings are kept. */
let campus: Campus;
/** ms. */
const back = 3_000;

beforeEach((context) => {
  needsRoot(context);
  needsProgram(context, "ip", "curl", "nft", "wg-quick", "openvpn");
  if (!existsSync(networkd)) notRunHere(context, "systemd-networkd");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  campus = new Campus();
  await campus.start("userspace");
  await addVpnServer(campus);
});
afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(campus.logs());
});
afterAll(async () => campus?.end());

/** The client's network settings without ours, one per line. */
const theirs = async (): Promise<string[]> => {
  const asked = ["-4 route show table all", "-6 route show table all", "-4 rule", "-6 rule", "-o link", "-o address"];
  const lines: string[] = [];
  for (const what of asked) lines.push(...(await campus.machines.run("client", `ip ${what}`)).split("\n"));
  return lines.filter((line) => line !== "" && !/proto 207|\bsag\d/.test(line)).toSorted();
};

const page = async (): Promise<boolean> =>
  (await campus.anna.run(["curl", "-sf", "--max-time", "1", `http://${host4}/`])).code === 0;

/** The client's link to the Internet. */
const outside = async (): Promise<string> =>
  /dev (\S+)/.exec(await campus.machines.run("client", "ip route get 198.51.100.1"))?.[1] ?? "";

const rivals: [string, (one: Campus) => Rival][] = [
  ["a bridge like docker0, on addresses of the intranet", bridge],
  ["wg-quick with 0.0.0.0/0", wgQuick],
  ["OpenVPN with redirect-gateway", openVpn],
  ["systemd-networkd, started beside us", networkManager],
];

it.each(rivals)("%s", async (_, make) => {
  const rival = make(campus);
  await campus.anna.connect("--mode", "system");
  expect(await page()).toBe(true);

  await rival.up();
  await until("the intranet is back", page, back);
  if (rival.takes !== null) expect(await outside()).toBe(rival.takes);
  const their = await theirs();

  // Disconnecting changes nothing of theirs, also if they were there first.
  await campus.anna.disconnect();
  expect(await theirs()).toEqual(their);
  await campus.anna.connect("--mode", "system");
  await until("the intranet is reached beside it", page, back);

  await rival.down();
  await until("the intranet is back without it", page, back);
  expect(await outside()).toBe("home");
  await campus.anna.disconnect();
});
