import {
  callers,
  introduction,
  notAnswered,
  page,
  titles,
  unansweredReasons,
} from "../../../../common/text/en/admin/manual.ts";
import { type QuotaName, quotaCounts, quotas } from "../../../domain/quotas/quotas.ts";
import { operations } from "./operations/index.ts";
import { type Operation, type Product, productVersions } from "./protocol/operation.ts";
import type { JsonType } from "./protocol/parameters.ts";
import { type Reason, unanswered } from "./unanswered.ts";
import { unsupportedNames } from "./unsupported.ts";

function typeWord(type: JsonType): string {
  if (Array.isArray(type)) return page.types.list(typeWord(type[0] ?? "str"));
  return page.types[typeof type === "object" ? "object" : type];
}

/** The header rows of a Markdown table. */
const head = (columns: readonly string[]) => [`| ${columns.join(" | ")} |`, `|${"---|".repeat(columns.length)}`];

const cell = (text: string) => text.replaceAll("|", "\\|");

/** List items of the published fields that an operation never returns, grouped by reason. */
function leftOut(name: string): string[] {
  const rows = Object.entries(unanswered[name] ?? {}).map(
    ([reason, fields]) =>
      `* ${unansweredReasons[reason as Reason]}: ${fields.map((field) => `\`${field}\``).join(", ")}`,
  );
  return rows.length === 0 ? [] : ["", notAnswered, "", ...rows];
}

function section(operation: Operation): string {
  const rows = Object.entries(operation.parameters).map(([name, parameter]) => {
    const mark = parameter.required ? page.yes : "";
    return `| ${name} | ${typeWord(parameter.type)} | ${mark} | ${cell(parameter.rule)} |`;
  });
  const table = rows.length === 0 ? [page.noParameters] : [...head(page.parameterColumns), ...rows];
  return [
    `#### ${operation.name}`,
    "",
    operation.summary,
    "",
    page.roles(callers[operation.access]),
    "",
    ...table,
    ...leftOut(operation.name),
  ].join("\n");
}

/** Text of docs/admin-api.md, generated from the table of operations. */
export function manual(): string {
  const parts = [
    `# ${page.title}`,
    "",
    `<!-- ${page.madeBy} -->`,
    "",
    introduction,
    `## ${page.quotas}`,
    "",
    page.quotasSet,
    "",
    ...head(page.quotaColumns),
    ...(Object.keys(quotas) as QuotaName[]).map(
      (name) => `| ${name} | ${quotaCounts(name).text} | ${quotas[name].value} |`,
    ),
    "",
    `## ${page.supported}`,
    "",
  ];
  for (const product of Object.keys(productVersions) as Product[]) {
    const own = operations.filter((operation) => operation.product === product);
    parts.push(`### ${page.product(titles[product], productVersions[product], own.length)}`, "");
    const groups = [...new Set(own.map((operation) => operation.group))];
    for (const group of groups) {
      const names = own.filter((operation) => operation.group === group).map((operation) => operation.name);
      parts.push(`* **${group}** (${names.length}): ${names.join(" · ")}`);
    }
    parts.push("", ...own.flatMap((operation) => [section(operation), ""]));
  }
  parts.push(`## ${page.notOffered}`, "", page.rest(unsupportedNames.length), "", unsupportedNames.join(" · "), "");
  return parts.join("\n");
}
