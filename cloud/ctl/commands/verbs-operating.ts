import { ctlTexts } from "../../../common/text/ctl.ts";
import { renderServerWords } from "../../../common/text/server.ts";
import type { instanceRemoveEnd, instanceRenew } from "../../admin/commands/instances.ts";
import type { keyCreate, keyList, quotaList, tenantList } from "../../admin/commands/tenants.ts";
import { defaultRegion } from "../../domain/areas/regions.ts";
import { wholeNumber } from "../arguments.ts";
import { region, type Verb } from "./verb.ts";
import type { Answered, One } from "./views.ts";

const { columns, lost, noEnd } = ctlTexts.output;

const tenant = (view: One<typeof tenantList>) => ({
  [columns.id]: view.id,
  [columns.name]: view.name,
  [columns.uid]: view.uid,
  [columns.default]: view.isDefault,
});

/** Verbs for product accounts, access keys, quotas and instance terms. */
export const operatingVerbs: readonly Verb[] = [
  { usage: "tenant create <name>", row: tenant },
  { usage: "tenant list", row: tenant },
  {
    usage: "access-key create",
    options: { "--role <administrator|read-only|accounts-only>": ["role"] },
    required: ["--role <administrator|read-only|accounts-only>"],
    once: ({ accessKeyId }: Answered<typeof keyCreate>) => lost.accessKey(accessKeyId),
  },
  {
    usage: "access-key list",
    row: (view: One<typeof keyList>) => ({
      [columns.id]: view.accessKeyId,
      [columns.role]: view.role,
      [columns.active]: view.active,
      [columns.created]: new Date(view.createdAt).toISOString(),
    }),
  },
  { usage: "access-key disable <id>" },
  { usage: "access-key enable <id>" },
  { usage: "access-key delete <id>" },
  {
    usage: "quota list",
    row: (view: One<typeof quotaList>) => ({
      [columns.name]: view.name,
      [columns.value]: view.value,
      [columns.standard]: view.standard,
      [columns.counts]: renderServerWords(view.whatWords),
    }),
  },
  { usage: "quota set <name> <value>", places: { value: wholeNumber } },
  {
    usage: "instance order",
    options: { "--users <n>": ["userCount", wholeNumber], "--months <n>": ["months", wholeNumber], ...region },
    fixed: { region: defaultRegion, userCount: 5, dataPlan: 5, months: 1 },
  },
  {
    usage: "instance renew <instance> <months>",
    places: { months: wholeNumber },
    row: (view: Answered<typeof instanceRenew>) => ({
      [columns.id]: view.id,
      [columns.end]: new Date(view.endTime).toISOString(),
    }),
  },
  {
    usage: "instance remove-end <instance>",
    row: (view: Answered<typeof instanceRemoveEnd>) => ({ [columns.id]: view.id, [columns.end]: noEnd }),
  },
  { usage: "instance lock <instance>" },
  { usage: "instance unlock <instance>" },
];
