import { type Command, CommanderError } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Refusal } from "../base/cause.ts";
import { lineOf, viewOf } from "../failures.ts";
import { killAll } from "../testing/process.ts";
import { startServer, type TestServer } from "../testing/server.ts";
import { makeProgram } from "./program.ts";

vi.setConfig({ testTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  killAll();
  await server.close();
});

/** Runs sagctl in this process; returns its failure as it is printed, or "" if it succeeds. */
async function failure(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const streams = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      if (name === "stderr") printed.push(String(text));
      return true;
    }),
  );
  try {
    await makeProgram(false).parseAsync(["--data", server.directory, ...args], { from: "user" });
    return "";
  } catch (error) {
    if (error instanceof Refusal) return lineOf(viewOf(error));
    if (error instanceof CommanderError) return printed.join("");
    throw error;
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}

/** A name as in the API: netflowServerPort, DestPortRange, rule.policy. Options that were typed and values are left out. */
const apiName = /\b(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[a-z]{3,}\.[a-z]{3,}\w*)\b/;
const withoutValues = (text: string) =>
  text.replaceAll(/\*\.corp\.example|CcnBandwidth|InternetUpBandwidth|x{9,}/g, "");

const verbsBelow = (command: Command, path: string[] = []): [string[], Command][] =>
  command.commands.length === 0
    ? [[path, command]]
    : command.commands.flatMap((child) => verbsBelow(child, [...path, child.name()]));

/** Values of options that a verb requires. */
const valid: Record<string, string> = {
  "--account": "anna.test",
  "--cidr": "10.99.0.0/24",
  "--file": "/nonexistent",
  "--mail": "somebody@example.com",
  "--policy": "accept",
  "--priority": "1",
  "--role": "read-only",
  "--to": "10.0.0.1:80",
};
/** Arguments, by their names. */
const places: Record<string, string> = {
  acl: "acl-one",
  flowLog: "flow-one",
  instance: "Contoso",
  qos: "qos-one",
  user: "anna.test",
};
const placesOf: Record<string, typeof places> = {
  "account create": { user: "carl.test" },
  "resource set": { name: "portal" },
  "instance grant": { ccnUid: "1" },
  "ccn grant": { cenUid: "1" },
};
/** A change, for verbs that need one. */
const changes: Record<string, string[]> = {
  "quick-setup": ["--route=10.0.0.0/24", "--dns=10.0.0.53"],
  "account set": ["--bandwidth=1000"],
  "policy set": ["--full-tunnel=on"],
  "qos add-car": ["--min-mbit=1", "--max-mbit=2"],
};

/** Options whose values are not sent to the server. */
const local = new Set(["--data", "--product", "--tenant", "--file", "--output", "--dir"]);
/** Verbs that work with files of this host, or of which all parameters are the API's. */
const others = new Set([
  "account import",
  "api",
  "complete-words",
  "completion",
  "help",
  "restore",
  "backup",
  "version",
]);

const cases = verbsBelow(makeProgram(false)).flatMap(([path, command]) =>
  others.has(path[0] ?? "") || others.has(path.join(" "))
    ? []
    : command.options
        .filter(({ flags, long }) => flags.includes("<") && !local.has(long ?? ""))
        .map(({ long = "" }) => ({ verb: path.join(" "), path, option: String(long) })),
);

const wrongValues = ["x".repeat(5_000), "999999999999999", "-"];

test("finds the options of most verbs", () => {
  expect(cases.length).toBeGreaterThan(100);
});

test("a refusal of an option's value names the option, and nothing of the API", async () => {
  for (const args of [
    ["instance", "create", "Contoso", "--cidr", "10.86.0.0/24"],
    ["account", "create", "anna.test", "--mail", "anna@example.com"],
    ["acl", "create", "acl-one"],
    ["resource", "add", "portal", "http://portal.corp.example"],
    ["qos", "create", "qos-one"],
    ["flow-log", "create", "--name", "flow-one", "--collector", "10.0.0.9", "--port", "2055"],
  ])
    expect(await failure(...args)).toBe("");
  const wrong: string[] = [];
  let count = 0;
  for (const { verb, path, option } of cases) {
    const command = path.reduce<Command>(
      (one, name) => one.commands.find((child) => child.name() === name) ?? one,
      makeProgram(false),
    );
    const given = () =>
      command.registeredArguments
        .filter(({ required }) => required)
        .map((place) => placesOf[verb]?.[place.name()] ?? places[place.name()] ?? `any-${count++}`);
    const needed = command.options
      .filter(({ mandatory, long }) => mandatory && long !== option)
      .flatMap(({ long }) => [String(long), valid[String(long)] ?? "1"]);
    const change = changes[verb]?.filter((one) => !one.startsWith(option)) ?? [];
    const sure = command.options.some(({ long }) => long === "--yes") ? ["--yes"] : [];
    // Another option's value may have renamed it.
    if (verb === "resource set") await failure("resource", "add", "portal", "http://portal.corp.example");
    const said: string[] = [];
    for (const value of wrongValues)
      said.push(await failure(...path, ...given(), ...needed, ...change, ...sure, `${option}=${value}`));
    // A name of an object that does not exist is quoted instead.
    const isNamed = said.some((one) => one.includes(option) || /There is no .* 999999999999999/.test(one));
    if (!isNamed) wrong.push(`${verb} ${option} is not named: ${said.map((one) => one.slice(0, 120)).join(" | ")}`);
    for (const one of said) if (apiName.test(withoutValues(one))) wrong.push(`${verb} ${option}: ${one.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
});

test.each([
  [["acl", "add", "acl-one", "--policy", "allow"], "--policy must be one of accept, drop."],
  [
    ["acl", "add", "acl-one", "--policy", "drop", "--protocol", "tcp", "--dest-ports", "80"],
    "--dest-ports: The destination ports are a range in 1-65535 such as 80/80, or -1/-1 for all.",
  ],
  [
    ["acl", "add", "acl-one", "--policy", "drop", "--dest", "10.77.0.80/16"],
    "--dest: The destination has host bits set; the prefix is 10.77.0.0/16.",
  ],
  [
    ["qos", "add-policy", "qos-one", "--priority", "1", "--source", "10.77.0.80/16"],
    "--source: The source has host bits set; the prefix is 10.77.0.0/16.",
  ],
  [
    ["acl", "explain", "--account", "anna.test", "--instance", "Contoso", "--to", "portal:80"],
    "--to must be ADDRESS:PORT.",
  ],
  [["qos", "add-car", "qos-one", "--priority", "9"], "--priority must be at most 7."],
  [
    ["qos", "add-car", "qos-one", "--priority", "1"],
    "--min-mbit: A rule of the type Absolute needs the minimum bandwidth in Mbit/s.",
  ],
  [
    ["flow-log", "create", "--output", "sls", "--log-region", "eu-central-1"],
    "--project: The output types sls and all",
  ],
  [["flow-log", "create", "--port", "2055"], "--collector: The output types netflow and all"],
  [["flow-log", "create", "--collector", "10.0.0.9", "--port", "70000"], "--port must be at most 65535."],
  [["qos", "add-car", "qos-one", "--priority", "high"], "--priority: high is not a whole number."],
] as const)("sagctl %j: %s", async (args, said) => {
  expect(await failure(...args)).toContain(said);
});

test("an object that is in use names the command that takes it from the instance", async () => {
  expect(await failure("qos", "use", "qos-one", "Contoso")).toBe("");
  expect(await failure("qos", "delete", "qos-one")).toMatch(
    /^qos-\w+ is in use by sag-\w+\. Take it from the instance first: sagctl qos unuse QOS INSTANCE$/,
  );
});
