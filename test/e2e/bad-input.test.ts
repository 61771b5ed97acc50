import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { causeTable } from "../../common/causes/table.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { serveFalsely } from "./false-cloud.ts";
import { givenCompany } from "./fixture.ts";

/** Errors of users and servers: each has a cause, an exit code, an action, and no stack trace. */
const company = givenCompany({ accessPoints: 1 });

/** The link with other parameters. */
const linkWith = (changed: Record<string, string>): string => {
  const query = new URLSearchParams(company.link.slice(company.link.indexOf("?")));
  if (changed.pin) query.delete("pin");
  for (const [name, value] of Object.entries(changed)) query.set(name, value);
  return `sag://enroll?${query}`;
};

const otherPin = `sha256/${Buffer.alloc(32, 7).toString("base64url")}`;

/** Runs a `sag` command that has to fail with this cause, and checks everything about the failure. */
const fails = async (person: Person, cause: CauseCode, args: string[], stdin = ""): Promise<void> => {
  const failed = await person.failure(args, { stdin });
  expect(failed).toMatchObject({ cause, code: causeTable[cause].exit });
  expect(failed.message).toMatch(/^[A-Z].*[.]$/s);
  // An action is a sentence, or ends with the command to run.
  expect(failed.action).toMatch(/^[A-Z].*([.]|: sag [a-z-]+( [A-Z]+)*)$/s);
  const words = await person.sag(args, { stdin });
  expect(words.code).toBe(causeTable[cause].exit);
  for (const text of [failed.message, failed.action, failed.stderr, words.stdout, words.stderr]) {
    expect(text).not.toMatch(/^\s+at |node:internal|goroutine|\.ts:\d+|\.go:\d+/m);
    expect(text).not.toContain(company.password);
  }
};

const signIn = (link: string, ...more: string[]): string[] => {
  const flags = ["--user", userName, "--password-stdin", "--store", "file"];
  return ["sign-in", link, ...flags, ...more];
};

describe("signing in", () => {
  it("with a wrong password", () =>
    fails(company.person(), "bad_credentials", signIn(company.link), "not the password"));

  it("with an unknown code", () =>
    fails(company.person(), "unknown_code", signIn(linkWith({ code: "ZZ999" })), company.password));

  it("with another server's pin", () =>
    fails(company.person(), "instance_identity_changed", signIn(linkWith({ pin: otherPin })), company.password));

  it("without pin and terminal, at a server with an unknown certificate", () => {
    const { host } = new URL(company.site.cloud.ready.url);
    return fails(company.person(), "instance_identity_unknown", signIn(`AB123@${host}`), company.password);
  });

  it.each<[string, CauseCode, () => Buffer]>([
    ["10 MB of answer", "answer_too_large", () => Buffer.alloc(10 * 1024 * 1024)],
    ["half an answer", "answer_invalid", () => Buffer.from("0a20010203", "hex")],
    ["an empty answer", "answer_invalid", () => Buffer.alloc(0)],
  ])("at a server that answers with %s", async (name, cause, body) => {
    const cloud = await serveFalsely(join(company.workspace.dir, name.replaceAll(" ", "-")), body());
    try {
      await fails(company.person(), cause, signIn(cloud.link), company.password);
    } finally {
      cloud.close();
    }
  });

  it("at an unreachable server", () =>
    fails(company.person(), "instance_unreachable", signIn(linkWith({ server: "127.0.0.1:1" })), company.password));
});

describe("connecting", () => {
  it("without being signed in", () => fails(company.person(), "unknown_intranet", ["connect"]));

  it("to a port in use, after which the other connection still works", async () => {
    const { seen } = await company.connected();
    const second = company.person();
    await second.signIn(company.link, userName, company.password);
    await fails(second, "port_in_use", ["connect", "--socks", `${seen.socks}`]);
    expect((await fetchBySocks(`${seen.socks}`, portalUrl)).text).toContain(portalText);
  });

  it("to a server whose certificate has changed: nothing is sent, and the running tunnel continues", async () => {
    const { person, seen } = await company.connected();
    const second = company.person();
    await second.signIn(company.link, userName, company.password);
    const listen = new URL(company.site.cloud.ready.url).host;
    await company.site.cloud.stop();
    rmSync(join(company.site.data, "tls"), { recursive: true });
    await company.site.startCloud(listen);
    await fails(second, "instance_identity_changed", ["connect"]);
    expect((await fetchBySocks(`${seen.socks}`, portalUrl)).text).toContain(portalText);
    expect((await person.status()).phase).toBe("connected");
  });
});
