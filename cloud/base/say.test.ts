import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "@swc/core";
import { expect, it } from "vitest";
import { admin } from "../../common/text/en/admin/index.ts";
import { quotas as quotaTexts } from "../../common/text/en/admin/quotas.ts";
import { rules } from "../../common/text/en/admin/rules/index.ts";
import { cloud } from "../../common/text/en/cloud/index.ts";
import { commands } from "../admin/commands/index.ts";
import { quotas } from "../domain/quotas/quotas.ts";
import { rulesTable } from "../domain/rules/table.ts";
import { Refusal } from "./cause.ts";
import { foreign, say } from "./say.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Functions whose arguments are shown to people. */
const shown = new Set([
  "Refusal",
  "invalid",
  "errorBody",
  "foreign",
  "damaged",
  "ApiFailure",
  "Unreadable",
  "row",
  "wrong",
  // Declarations of published parameters, and functions that check them.
  "text",
  "whole",
  "list",
  "record",
  "requireText",
]);
/** Properties of tables and records whose values are shown to people. */
const shownProperties = new Set(["advice", "form", "message", "rule", "said", "summary", "text", "unit", "what"]);

const isSentence = (text: string): boolean => /[A-Za-z]{2,}[,;:]? +[A-Za-z]{2,}/.test(text);

interface Node {
  type: string;
  [field: string]: unknown;
}

/** Folders in which every text is shown to people. */
const allShown = /^cloud\/(admin|api\/admin\/rpc|domain\/(limits|quotas|rules))\//;
/** Log lines and other errors are for developers. */
const forDevelopers = new Set(["log", "Error", "Super"]);
/** Names of commands, and the beginning of a file format, are not texts. */
const isNoText = (text: string): boolean => commands.has(text) || text === "api call" || text.startsWith("<?xml ");

/** English sentences in the arguments of those functions and in those properties; `everywhere` also in all others. */
function refusalsInEnglish(source: string, everywhere = false): string[] {
  const found: string[] = [];
  const visit = (value: unknown, inside: boolean): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, inside);
    else if (typeof value === "object" && value !== null) {
      const node = value as Node;
      const called = node.type === "CallExpression" || node.type === "NewExpression";
      const callee = called ? nameOf(node.callee) : "";
      if (forDevelopers.has(callee) || node.type === "ImportDeclaration" || node.type === "TsLiteralType") return;
      const text =
        node.type === "StringLiteral" ? node.value : node.type === "TemplateElement" ? node.cooked : undefined;
      if (inside && typeof text === "string" && isSentence(text) && !isNoText(text)) found.push(text);
      const property = node.type === "KeyValueProperty" ? String((node.key as { value?: unknown }).value) : "";
      for (const field of Object.keys(node)) {
        if (field !== "span") visit(node[field], inside || shown.has(callee) || shownProperties.has(property));
      }
    }
  };
  visit(parseSync(source, { syntax: "typescript" }).body, everywhere);
  return found;
}

/** The last name of a called function: `log` of context.log(…). */
function nameOf(callee: unknown): string {
  const { type, value, property } = (callee ?? {}) as { type?: string; value?: unknown; property?: unknown };
  return property === undefined ? String(value ?? type) : nameOf(property);
}

const sources = globSync("cloud/**/*.ts", { cwd: root })
  .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
  .map((path) => ({ path, source: readFileSync(`${root}/${path}`, "utf8") }));

it("a refusal contains key, parameters and English text", () => {
  const { said, message } = new Refusal("session_limit", say("session_limit", { devices: 3 }));
  expect(said).toEqual({ key: "cloud.session_limit", params: { devices: "3" }, text: message });
  expect(message).toBe("This account is connected on 3 devices, which is its limit.");
  expect(new Refusal("kicked", foreign("out of hours")).said).toEqual(foreign("out of hours"));
});

it("finds only sentences that are shown to people", () => {
  const source = `
    throw new Refusal("not_found", cond ? "There is no file." : \`\${name} is no file at all\`);
    log("info", "a line of the log"); throw new Error("for developers only"); throw invalid("field", say("not_here"));
    const table = { "no-file": row("not_found", "File.NotFound", () => "There is no row."), x: { text: "There is no table." } };
    const parameters = { Name: text({ max: 64, rule: "an id or a name" }), Count: whole({ rule: say("form_number") }) };`;
  expect(refusalsInEnglish(source)).toEqual([
    "There is no file.",
    " is no file at all",
    "There is no row.",
    "There is no table.",
    "an id or a name",
  ]);
});

it("English text of refusals is only in the text files", () => {
  const found = sources.flatMap(({ path, source }) =>
    refusalsInEnglish(source, allShown.test(path)).map((text) => `${path}: ${text}`),
  );
  expect(found, "put them into common/text/en/cloud").toEqual([]);
});

it("every key is in only one catalogue", () => {
  expect(Object.keys(cloud).filter((key) => Object.hasOwn(admin, key))).toEqual([]);
});

it("every rule has a text, and every text of a rule has a rule", () => {
  expect(Object.keys(rulesTable).sort()).toEqual(Object.keys(rules).sort());
});

/** say(`quota_${name}`) */
const quotaKeys = Object.keys(quotas).map((name) => `quota_${name}`);

it("every quota has a text, and every text of a quota has a quota", () => {
  expect(Object.keys(quotaTexts)).toEqual(quotaKeys);
});

it("every text of the catalogues is used", () => {
  // Listing a rule in the table does not count as use.
  const users = sources.filter(({ path }) => !path.startsWith("cloud/domain/rules/"));
  const all = users.map(({ source }) => source).join("\n");
  // violation(`${rule}-protocol`)
  const ports = ["source-ports", "dest-ports", "qos-source-ports", "qos-dest-ports"];
  const composed = new Set([...ports.map((rule) => `${rule}-protocol`), ...quotaKeys]);
  const keys = Object.keys({ ...cloud, ...admin }).filter((key) => !composed.has(key));
  expect(keys.filter((key) => !all.includes(`"${key}"`))).toEqual([]);
});
