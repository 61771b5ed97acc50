import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4, host6, type Mode } from "./campus.ts";

/** System mode on real hosts: all programs of the client reach the intranet without configuration. */
let campus: Campus | undefined;

const start = async (mode: Mode): Promise<Campus> => {
  const one = new Campus();
  campus = one;
  await one.start(mode);
  return one;
};

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const url = (host: string, port = 80): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;

/** The client's address that a host sees over TCP and UDP. */
const seenBy = async (one: Campus, host: string): Promise<{ tcp: string; udp: string }> => {
  const tcp = await one.anna.run(["curl", "-sS", "--max-time", "4", url(host)]);
  const ask = `const s=require("dgram").createSocket(process.argv[1].includes(":")?"udp6":"udp4");s.on("message",(m)=>{console.log(String(m));s.close()});s.send("?",53,process.argv[1]);setTimeout(()=>process.exit(1),4000).unref()`;
  const udp = await one.anna.run([at("node_modules/.bin/node"), "-e", ask, host]);
  return { tcp: tcp.stdout + tcp.stderr, udp: udp.stdout.trim() };
};

/** A download that takes 4 s; returns curl's exit code and the number of bytes. */
const download = (one: Campus) =>
  one.anna.run(["curl", "-sS", "--max-time", "25", "-o", "/dev/null", "-w", "%{size_download}", url(host4, 81)]);

describe.each<Mode>(["routed", "nat"])("%s access points", (mode) => {
  it("carry TCP, UDP and ICMP of both IP versions, and replace each other", async (context) => {
    needsRoot(context);
    needsProgram(context, "curl", "ping", "ip");
    const one = await start(mode);
    const before = await one.network();
    const seen = await one.anna.connect("--mode", "system");
    expect(seen).toMatchObject({ phase: "connected", mode: "system" });
    // The status lists the routes that are on the host.
    const there = await one.machines.run("client", "ip route show table all proto 207");
    const listed = (await one.anna.status()).machine?.routes ?? [];
    expect(listed.filter((route) => route.includes("10.55.0.0/16"))).toHaveLength(2);
    for (const route of listed.filter((line) => !line.includes(":"))) {
      expect(there.replaceAll(" scope link", "")).toContain(route);
    }

    const expected4 = mode === "routed" ? seen.clientIp : expect.stringMatching(/^10\.55\.0\.1[12]$/);
    expect(await seenBy(one, host4)).toEqual({ tcp: expected4, udp: expected4 });
    const inside6 = await one.machines.run("client", "ip -6 -o addr show scope global");
    const own6 = /inet6 (fd[0-9a-f:]+)\/128/.exec(inside6)?.[1] ?? "none";
    const expected6 = mode === "routed" ? own6 : expect.stringMatching(/^fd55::1[12]$/);
    expect(await seenBy(one, host6)).toEqual({ tcp: expected6, udp: expected6 });
    for (const host of [host4, host6]) {
      expect(await one.anna.run(["ping", "-c1", "-W2", host])).toMatchObject({ code: 0 });
    }
    // Traffic outside the intranet keeps its route.
    expect(await one.machines.run("client", "ip route get 198.51.100.1")).toContain("via 192.168.77.1 dev home");

    // Kills the access point in use during a transfer. The transfer continues, or fails at once and the next one
    // works.
    const { inUse, other } = await one.active();
    const transfer = download(one);
    const flows = async (): Promise<boolean> =>
      (await command(one.machines.on("hosts", ["ss", "-Htn", "state", "established"]))).stdout.includes(":8");
    await until("the transfer runs", flows);
    const died = performance.now();
    await inUse.kill();
    if (mode === "routed") {
      expect(await transfer).toMatchObject({ code: 0, stdout: "4000000" });
    } else {
      expect((await transfer).code).not.toBe(0);
      expect(performance.now() - died).toBeLessThan(4_000);
    }
    await until(
      "a new connection",
      async () => (await one.anna.run(["curl", "-sf", "--max-time", "1", url(host4)])).code === 0,
    );
    if (mode === "nat") expect(performance.now() - died).toBeLessThan(5_000);
    expect(await one.anna.status()).toMatchObject({
      phase: "connected",
      clientIp: seen.clientIp,
      accessPoint: { id: other.ready.id },
    });

    await one.anna.disconnect();
    expect(await one.network()).toBe(before);
  });
});
