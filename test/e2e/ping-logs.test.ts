import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { addresses, domain, portalUrl } from "../harness/intranet/plan.ts";
import type { Person } from "../harness/person.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

let person: Person;

const company = givenCompany({});
beforeAll(async () => {
  ({ person } = await company.connected());
});

describe("sag ping", () => {
  it("prints address and time of a host by its name", async () => {
    const answer = await person.json<{ address: string; timesMs: number[] }>([
      "ping",
      `portal.${domain}`,
      "--count",
      "1",
    ]);
    expect(answer.address).toBe(addresses.portal);
    expect(answer.timesMs[0]).toBeGreaterThan(0);
  });

  it("distinguishes an unknown name from a silent host", async () => {
    expect((await person.failure(["ping", `nothing.${domain}`])).cause).toBe("name_not_found");
    const silence = await person.failure(["ping", "10.77.0.200", "--count", "1", "--timeout", "300ms"]);
    expect(["target_timeout", "target_unreachable"]).toContain(silence.cause);
  });

  it("says that an access list denies a host, as the HTTP proxy does", async () => {
    const acl = (...args: string[]) => company.site.sagctl<{ id: string }>(["acl", ...args]);
    const { id } = await acl("create", "no echo");
    await acl("add", id, "--policy", "drop", "--dest", `${addresses.echo}/32`);
    const [instance] = await company.site.sagctl<{ id: string }[]>(["instance", "list"]);
    await acl("use", id, `${instance?.id}`);
    try {
      const args = ["ping", addresses.echo, "--count", "1", "--timeout", "2s"];
      const denied = await until("a denied ping", async () => {
        const { code, stdout } = await person.sag([...args, "--json"]);
        return code !== 0 && (JSON.parse(stdout) as { cause: string; message: string; action: string });
      });
      expect(denied).toMatchObject({
        cause: "target_denied",
        message: `An access list or a firewall of the intranet does not allow connections to ${addresses.echo}.`,
        action: "If you need it, ask your administrator.",
      });
      const { http } = await person.status();
      const curl = ["curl", "-sS", "--proxy", `http://${http}`, "-w", "%{http_code}", `http://${addresses.echo}:7/`];
      expect((await person.run(curl)).stdout).toMatch(/^target_denied: an access list .*\n403$/);
    } finally {
      await acl("unuse", id, `${instance?.id}`);
    }
  });
});

describe("sag logs", () => {
  const logs = async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await person.sag(["logs", ...args, "--json"]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };

  it("prints the lines of core and sag-tunnel with the same session in one list", async () => {
    const { session } = await person.status();
    const about = (await logs()).filter((one) => one.session === session?.id);
    expect(new Set(about.map((one) => one.source))).toEqual(new Set(["core", "sag-tunnel"]));
    const times = (await logs("--lines", "5")).map((one) => `${one.time}`);
    expect(times).toEqual(times.toSorted());
    expect(about).toContainEqual(expect.objectContaining({ source: "sag-tunnel", phase: "connected" }));
    expect(JSON.stringify(await logs("--lines", "10000"))).not.toContain(company.password);
  });

  it("follows new lines", async () => {
    const args = ["logs", "--follow", "--lines", "0", "--json"];
    const child = spawn(at("bin/sag"), args, { env: person.env, stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const next = once(lines, "line");
    const path = join(`${person.env.XDG_STATE_HOME}`, "sag", "log", "core.log");
    // There is no sign that it has started to watch, so lines are written repeatedly.
    const timer = setInterval(
      () => appendFileSync(path, '{"time":"2026-01-01T00:00:00Z","level":"INFO","msg":"hello"}\n'),
      100,
    );
    const [line] = await next;
    clearInterval(timer);
    expect(JSON.parse(line)).toMatchObject({ msg: "hello", source: "core" });
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});

it("each verb that needs a connection fails with not_connected", async () => {
  const other = company.person();
  await other.signIn(company.link, "anna.meyer", company.password);
  for (const args of [
    ["run", "true"],
    ["open", portalUrl],
    ["forward", "0:portal:80"],
    ["ssh-proxy", "portal", "22"],
    ["ping", "portal"],
    ["proxy"],
  ]) {
    expect(await other.failure(args), args.join(" ")).toMatchObject({ cause: "not_connected", code: 71 });
  }
});
