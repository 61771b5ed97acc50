import { expect, test } from "vitest";
import { admin } from "../common/text/en/admin/index.ts";
import { cloud } from "../common/text/en/cloud/index.ts";
import { ctl } from "../common/text/en/ctl/index.ts";
import { Advised, invalid, Refusal } from "./base/cause.ts";
import { foreign, say } from "./base/say.ts";
import { violation } from "./domain/rules.ts";
import { lineOf, usage, viewOf } from "./failures.ts";

test.each([
  ["a title", "\u001b]0;owned\u0007"],
  ["a control sequence introducer of one byte", "\u009b31m"],
  ["text from right to left", "\u202egnp.exe"],
  ["a new line", "\r\nAll accounts were created."],
])("%s in a message does not reach the terminal", (_, text) => {
  const failures = [
    invalid("file", foreign(`line 2, "${text}".`)),
    usage({ message: `error: unknown option '${text}'`, advice: "" }),
  ];
  for (const one of failures) expect(lineOf(viewOf(one))).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
});

const line = (refusal: Refusal) => lineOf(viewOf(refusal));

test("a failure says what to do only where that fits", () => {
  expect(line(violation("no-account", { user: "anna.test" }))).toBe(
    "There is no account anna.test in this instance. Run `sagctl account list` to see what exists.",
  );
  expect(line(violation("user-exists", { user: "anna.test" }))).toBe(
    "The account anna.test already exists. Choose another name, or change the existing one.",
  );
  expect(line(violation("instance-bound", { ccn: "ccn-1" }))).toBe("The instance is bound to ccn-1; unbind it first.");
  expect(line(invalid("policy", foreign(ctl.errors.arguments.policyChange)))).toBe(
    "Specify what to change, for example --full-tunnel on.",
  );
  expect(line(new Refusal("already_exists", foreign(ctl.errors.instanceExists("Contoso", "sag-1"))))).toBe(
    "An instance called Contoso already exists (sag-1). Choose another name.",
  );
  expect(line(new Refusal("not_found", foreign(ctl.errors.files.notFound("a.csv"))))).toBe(
    "The file a.csv does not exist.",
  );
  expect(line(new Refusal("storage_full", say("storage_full", { path: "/data" })))).toBe(
    "There is no space left in /data. Free some space on that disk.",
  );
  expect(line(new Advised("storage_full", foreign("Full"), "Buy a disk."))).toBe("Full. Buy a disk.");
});

test("a refusal of the published API ends with one full stop, and has the action of the message in it", () => {
  const unknown = say("api_operation_unknown", { action: "Foo", version: "2018-03-13" });
  const refused = (message: ReturnType<typeof say>, code: string) =>
    line(new Refusal("not_found", say("api_refused", { message, code })));
  expect(refused(unknown, "InvalidAction.NotFound")).toBe(
    "There is no operation Foo in version 2018-03-13 (InvalidAction.NotFound).",
  );
  expect(refused(say("no-instance", { instance: "sag-1" }), "SAG.InstanceNoFound")).toBe(
    "There is no instance sag-1 (SAG.InstanceNoFound). Run `sagctl instance list` to see what exists.",
  );
});

test("advice is for messages that exist", () => {
  const known = { ...cloud, ...admin };
  expect(Object.keys(ctl.advice).filter((name) => !Object.hasOwn(known, name))).toEqual([]);
});
