import type { Command } from "commander";
import { expect, test } from "vitest";
import { confirming } from "./confirm.ts";
import { cutters, isCutting } from "./cutting.ts";
import { makeProgram } from "./program.ts";

/** Verbs by whose names people could be cut off. */
const drastic = /^(bind|delete|disable|end|kick|lock|remove(-.*)?|reset-.*|revoke|unbind|unuse|stop|detach)$/;

/** Those that end no session and refuse no connection. */
const harmless = [
  "access-key delete",
  "access-key disable",
  "access-point token remove",
  "account remove-second-factor",
  "acl delete",
  "acl remove",
  "acl unuse",
  "ccn delete",
  "ccn detach",
  "ccn revoke",
  "cen delete",
  "cen detach",
  "code delete",
  "flow-log delete",
  "flow-log stop",
  "flow-log unuse",
  "instance remove-end",
  "instance revoke",
  "network delete",
  "qos delete",
  "qos remove-car",
  "qos remove-policy",
  "qos unuse",
  "resource remove",
  "route remove",
];

/** Those that end sessions only with some of their options. */
const withSomeOptions = ["account set"];

const leaves = (command: Command, above = ""): [string, Command][] =>
  command.commands.length === 0
    ? [[above, command]]
    : command.commands.flatMap((child) => leaves(child, `${above} ${child.name()}`.trim()));

test("every command that cuts people off asks first, and has --yes", () => {
  const found = leaves(makeProgram(false)).filter(
    ([name, command]) => drastic.test(command.name()) || withSomeOptions.includes(name),
  );
  const asking = found.filter(([name]) => !harmless.includes(name));
  expect(asking.map(([name]) => name).sort()).toEqual(Object.keys(cutters).sort());
  for (const [name, command] of found) {
    expect(
      command.options.some(({ long }) => long === "--yes"),
      name,
    ).toBe(isCutting(name));
  }
});

test("without a terminal nothing is asked", async () => {
  const called: string[] = [];
  const ask = confirming((operation) => {
    called.push(operation);
    return Promise.resolve({});
  }, false);
  await ask("instance lock", { instance: "Trial" });
  expect(called).toEqual(["instance lock"]);
});
