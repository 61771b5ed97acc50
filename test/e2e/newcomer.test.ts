import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { Terminal } from "../harness/terminal.ts";
import { givenCompany } from "./fixture.ts";

/** The first steps of a new user with a link and an initial password. */
const company = givenCompany({ ordinary: true });
const chosen = "chosen-by-a-newcomer";

const createNew = async (user: string): Promise<string> => {
  const password = `first-password-of-${user}`;
  await company.site.sagctl(
    ["account", "create", user, "--mail", `${user}@corp.test`, "--must-change", "--password-stdin"],
    password,
  );
  return password;
};

const sagAt = (person: Person, ...args: string[]): Terminal => new Terminal([at("bin/sag"), ...args], person.env);

describe("an account whose password has to be changed", () => {
  it("chooses a new password during sign-in at a terminal", async (context) => {
    needsProgram(context, "script");
    const [first, person] = [await createNew("nina.test"), company.person("nina")];
    const terminal = sagAt(person, "sign-in", company.link, "--user", "nina.test", "--store", "file");
    await terminal.shows("Password of nina.test at");
    terminal.type(`${first}\r`);
    await terminal.shows("New password: ");
    terminal.type(`${chosen}\r`);
    await terminal.shows("New password again: ");
    terminal.type("something else\r");
    await terminal.shows("not the same");
    await terminal.shows("New password: ");
    terminal.type(`${chosen}\r`);
    await terminal.shows("New password again: ");
    terminal.type(`${chosen}\r`);
    await terminal.shows("as nina.test");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen).not.toContain(chosen);
    expect((await person.connect()).phase).toBe("connected");
    await person.disconnect();
  });

  it("gets the complete command without a terminal, and that command works", async () => {
    const [first, person] = [await createNew("otto.test"), company.person("otto")];
    const args = ["sign-in", company.link, "--user", "otto.test", "--password-stdin", "--store", "file"];
    const failure = await person.failure(args, { stdin: first });
    expect(failure).toMatchObject({ cause: "password_change_required", code: 20 });
    const command = `sag password --link '${company.link}' --user otto.test`;
    expect(failure.action).toContain(command);
    const change = `${at("bin/sag")}${command.slice(3)} --password-stdin`;
    const done = await person.run(["sh", "-c", change], { stdin: `${first}\n${chosen}\n` });
    expect(done.code, done.stderr).toBe(0);
    await person.json(args, { stdin: chosen });
  });
});

describe("at a prompt", () => {
  beforeEach((context) => needsProgram(context, "script"));
  const prompts: [string, string[]][] = [
    ["Enrolment link", ["sign-in"]],
    ["User name at", ["sign-in", "LINK", "--store", "file"]],
    ["Password of", ["sign-in", "LINK", "--store", "file", "--user", userName]],
  ];
  for (const [question, args] of prompts) {
    for (const [key, code] of Object.entries({ "Ctrl-C": "\u0003", "Ctrl-D": "\u0004" })) {
      it(`${key} at "${question}" ends it with 130 and without a failure`, async () => {
        const terminal = sagAt(company.person(), ...args.map((one) => (one === "LINK" ? company.link : one)));
        await terminal.shows(question);
        terminal.type(code);
        expect(await terminal.ended()).toBe(130);
        expect(terminal.screen).not.toMatch(/does not know|sag: /);
      });
    }
  }
});

describe("checks before asking for secrets", () => {
  let person: Person;
  beforeAll(() => {
    person = company.person();
  });

  it.each([
    [["password"], "No intranet has been added yet"],
    [["password", "--intranet", "nowhere"], "nowhere"],
    [["second-factor"], "No intranet has been added yet"],
    [["password", "--link", "hello", "--user", "x"], "hello is neither an enrolment link"],
    [["sign-in", "LINK", "--store", "file", "--user", "x", "--intranet", "a b"], "The name of an intranet"],
    [["connect", "hello", "--user", "x"], "hello is neither an enrolment link"],
    [["connect", "UNKNOWN", "--user", "x"], "doesn't recognise the code"],
    [["sign-in", "hello", "--user", "x"], "hello is neither an enrolment link (sag://enroll?…) nor CODE@HOST."],
  ])("%j", async (args, text) => {
    const unknown = company.link.replace(/code=\w+/, "code=ZZZZZ");
    const filled = args.map((one) => one.replace("LINK", company.link).replace("UNKNOWN", unknown));
    const terminal = sagAt(person, ...filled);
    await terminal.shows(text);
    expect(await terminal.ended()).toBeGreaterThan(0);
    expect(terminal.screen).not.toMatch(/password[^\n]*: $/im);
  });

  it("an invalid link is reported before the missing user, without a terminal", async () => {
    const failure = await person.failure(["sign-in", "hello"]);
    expect(failure).toMatchObject({ cause: "invalid_argument", code: 2 });
    expect(failure.message).toBe("hello is neither an enrolment link (sag://enroll?…) nor CODE@HOST.");
  });
});

describe("a sign-in that has ended", () => {
  it("is renewed with the name of the intranet, which the failure includes", async () => {
    const person = company.person();
    await person.signIn(company.link, userName, company.password);
    const [{ server, intranet } = { server: "", intranet: "" }] = await person.json<
      { server: string; intranet: string }[]
    >(["intranets"]);
    await person.json(["sign-out"]);
    for (const verb of ["connect", "devices"]) {
      const failure = await person.failure([verb]);
      expect(failure).toMatchObject({ cause: "sign_in_expired", action: `Run: sag sign-in ${intranet}` });
    }
    const stdin = company.password;
    // Server, code, user and store are those of the earlier sign-in.
    const again = await person.json<{ userName: string; server: string }>(["sign-in", intranet, "--password-stdin"], {
      stdin,
    });
    expect(again).toMatchObject({ userName, server });
    expect(await person.json(["intranets"])).toMatchObject([{ store: "file", signedIn: true }]);
    await person.json(["sign-in", "--intranet", intranet, "--password-stdin"], { stdin });
    expect((await person.connect()).phase).toBe("connected");
    await person.disconnect();
    expect((await person.failure(["sign-in", "--password-stdin"], { stdin })).message).toContain(intranet);
  });

  it("is offered as the default at a terminal", async (context) => {
    needsProgram(context, "script");
    const person = company.person();
    await person.signIn(company.link, userName, company.password);
    const { intranet } = await person.status();
    const terminal = sagAt(person, "sign-in");
    await terminal.shows(`[${intranet}]: `);
    terminal.type("\r");
    await terminal.shows(`Password of ${userName} at`);
    terminal.type("wrong\r");
    expect(await terminal.ended()).toBe(10);
    expect(terminal.screen).not.toContain("saved in a file");
  });

  it("that was not saved is reported as such", async () => {
    const person = company.person();
    const args = ["connect", company.link, "--user", userName, "--password-stdin"];
    const { intranet } = await person.json<{ intranet: string }>(args, { stdin: company.password });
    expect((await person.sag(["intranets"])).stdout).toMatch(/ · connected, sign-in not saved\n$/);
    const fails = async (verb: string): Promise<void> => {
      const failure = await person.failure([verb]);
      expect(failure.message, verb).toBe(`No sign-in is saved for ${intranet}.`);
      expect(failure.action, verb).toBe(`Run: sag sign-in ${intranet}`);
    };
    for (const verb of ["devices", "sessions"]) await fails(verb);
    await person.disconnect();
    for (const verb of ["devices", "sessions", "connect"]) await fails(verb);
    expect((await person.sag(["intranets"])).stdout).toMatch(/ · signed out\n$/);
  });
});

it("several intranets: the failure names the flag and the default", async () => {
  const person = company.person();
  await person.signIn(company.link, userName, company.password);
  const second = ["sign-in", company.link, "--user", await otherAccount(), "--intranet", "second", "--store", "file"];
  await person.json([...second, "--password-stdin"], { stdin: chosen });
  const failure = await person.failure(["connect"]);
  expect(failure.message).toContain("--intranet NAME");
  expect(failure.message).toContain("sag intranets --default NAME");
});

const otherAccount = async (): Promise<string> => {
  const user = "paula.test";
  await company.site.sagctl(["account", "create", user, "--mail", `${user}@corp.test`, "--password-stdin"], chosen);
  return user;
};
