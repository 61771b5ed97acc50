import { quotas } from "../../../domain/quotas/quotas.ts";
import { operations } from "./operations/index.ts";
import { type Access, type Operation, type Product, productVersions } from "./protocol/operation.ts";
import type { JsonType } from "./protocol/parameters.ts";
import { unsupportedNames } from "./unsupported.ts";

const roleOf: Record<Access, string> = {
  read: "administrator, read-only",
  "accounts-read": "administrator, read-only, accounts-only",
  accounts: "administrator, accounts-only",
  write: "administrator",
  operate: "administrator of the default account, sagctl",
};

const titles: Record<Product, string> = {
  smartag: "smartag: instances, accounts, CCN, control lists",
  cbn: "cbn: CEN and bandwidth",
  sag: "sag: what the published API lacks",
};

function typeWord(type: JsonType): string {
  if (Array.isArray(type)) return `list of ${typeWord(type[0] ?? "str")}`;
  return typeof type === "object" ? "object" : { str: "text", int: "number", bool: "boolean" }[type];
}

const cell = (text: string) => text.replaceAll("|", "\\|");

function section(operation: Operation): string {
  const rows = Object.entries(operation.parameters).map(([name, parameter]) => {
    const mark = parameter.required ? "yes" : "";
    return `| ${name} | ${typeWord(parameter.type)} | ${mark} | ${cell(parameter.rule)} |`;
  });
  const table =
    rows.length === 0 ? ["No parameters."] : ["| parameter | type | required | rule |", "|---|---|---|---|", ...rows];
  return [
    `#### ${operation.name}`,
    "",
    operation.summary,
    "",
    `Roles: ${roleOf[operation.access]}.`,
    "",
    ...table,
  ].join("\n");
}

/** docs/admin-api.md, from the one table of operations. */
export function manual(): string {
  const parts = [
    "# The admin API",
    "",
    "<!-- Written by cloud/api/admin/rpc/manual.ts from the table of operations; a test compares. -->",
    "",
    introduction,
    "## Quotas",
    "",
    "Raised or lowered by `sagctl quota set NAME VALUE [--tenant NAME]`.",
    "",
    "| quota | counts | value |",
    "|---|---|---|",
    ...Object.entries(quotas).map(([name, { what, value }]) => `| ${name} | ${what} | ${value} |`),
    "",
    "## Supported operations",
    "",
  ];
  for (const product of Object.keys(productVersions) as Product[]) {
    const own = operations.filter((operation) => operation.product === product);
    parts.push(`### ${titles[product]} (version ${productVersions[product]}, ${own.length} operations)`, "");
    const groups = [...new Set(own.map((operation) => operation.group))];
    for (const group of groups) {
      const names = own.filter((operation) => operation.group === group).map((operation) => operation.name);
      parts.push(`* **${group}** (${names.length}): ${names.join(" · ")}`);
    }
    parts.push("", ...own.flatMap((operation) => [section(operation), ""]));
  }
  const rest = `The other ${unsupportedNames.length} operations of smartag (gateway boxes, QoS, flow logs) answer \`UnsupportedOperation\`:`;
  parts.push("## Not offered", "", rest, "", unsupportedNames.join(" · "), "");
  return parts.join("\n");
}

const introduction = `The published API of the product, RPC style, on the address clients use, or on \`--admin-listen\` alone: its SDKs and scripts
work by changing endpoint and key.

* \`POST\` or \`GET /\`, parameters in query or form; lists as \`Name.1\`, of objects as \`Name.1.Key\`; booleans in any case.
  \`x-acs-action\` and \`x-acs-version\`, or \`Action\` and \`Version\`. Unknown parameters are ignored.
* Signed with \`ACS3-HMAC-SHA256\` or the older \`HMAC-SHA1\` (SignatureVersion 1.0). A date more than 15 minutes off is refused, a nonce
  is good once; that of a change is remembered through a restart.
* Keys: \`sagctl access-key create --role administrator|read-only|accounts-only [--tenant NAME] --json\`.
* Answers are JSON with a \`RequestId\`, which is in the server's log too. Failures: \`RequestId, HostId, Code, Message, Recommend\` and the
  published status. What another account owns looks as if it did not exist, unless it was granted.
* With the self-made certificate, clients trust \`DIR/tls/ca.pem\`.

Where a page of the product leaves an error's name open, ours are: \`QuotaExceeded.…\`, \`CCN.InUse\`, \`ACL.InUse\`, \`SAG.AreaNotMatch\`,
\`EnterpriseCode.AlreadyExist\`, \`.DefaultCannotDelete\`, \`.DefaultRequired\`, \`.Bound\`, \`InvalidOperation.NoBandwidthPackage\`, \`InvalidOperation.NoDiagnosis\`.

Other than the product, on purpose: an account that has used data this month can be deleted, its accounting stays; domains beside
\`AppDNS\` (\`sagctl dns set --domain\`) narrow the names that are asked inside, without them all are; acceleration settings are stored only;
of an access control list, so far only rules that shut off whole prefixes are in force.
`;
