import type { Command } from "commander";
import { defaultRegion } from "../../domain/areas/regions.ts";
import { words } from "../answer.ts";
import { list } from "../arguments.ts";
import type { Tools, Verbs } from "../command.ts";
import { nouns, verbs } from "./product-verbs.ts";
import type { Product } from "./verb.ts";

/** Operations whose own parameter Tenant says for which account; the others run in that account. */
const tenantParameter = new Set([
  "CreateAccessKey",
  "DescribeAccessKeys",
  "UpdateAccessKey",
  "DeleteAccessKey",
  "DescribeQuotas",
  "SetQuota",
]);

export async function callApi(
  { ask }: Tools,
  product: Product,
  action: string,
  parameters: Record<string, string>,
  tenant?: string,
): Promise<Record<string, unknown>> {
  const own = tenant !== undefined && tenantParameter.has(action);
  const sent = { product, action, parameters: own ? { ...parameters, Tenant: tenant } : parameters };
  return (await ask("api call", own || tenant === undefined ? sent : { ...sent, tenant })) as Record<string, unknown>;
}

export const productVerbs: Verbs = (program, tools) => {
  for (const verb of verbs) {
    const [object = "", word = "", ...places] = verb.usage.split(" ");
    const parent =
      program.commands.find((c) => c.name() === object) ?? program.command(object).description(nouns[object] ?? "");
    const command = parent.command([word, ...places].join(" ")).description(verb.what);
    const options = { ...verb.options, ...(verb.region ? { "--region <id>": "RegionId" } : {}) };
    for (const [flags, parameter] of Object.entries(options)) {
      if (parameter.endsWith("[]")) command.option(flags, "may be given several times", list);
      else command.option(flags);
    }
    command.option("--tenant <name>", "for this account of the product");
    command.action(async (...given: unknown[]) => {
      const parameters: Record<string, string> = { ...verb.fixed, ...(verb.region ? { RegionId: defaultRegion } : {}) };
      for (const [i, place] of places.entries()) parameters[place.replace(/[<>]/g, "")] = String(given[i]);
      const chosen = command.opts<Record<string, string | string[] | undefined>>();
      for (const [flags, parameter] of Object.entries(options)) {
        const value = chosen[camel(flags)];
        if (Array.isArray(value))
          for (const [i, one] of value.entries()) parameters[`${parameter.slice(0, -2)}.${i + 1}`] = one;
        else if (value !== undefined) parameters[parameter] = value;
      }
      const at = tools();
      at.print(await callApi(at, verb.product, verb.action, parameters, chosen.tenant as string | undefined), words);
    });
  }
  anyOperation(program, tools);
};

/** `sagctl api Action Name=value …`: all the rest of the API. */
function anyOperation(program: Command, tools: () => Tools): void {
  program
    .command("api <action> [parameters...]")
    .description("any operation of the admin API, with parameters as Name=value")
    .option("--product <smartag|cbn|sag>", "whose operation", "smartag")
    .option("--tenant <name>", "for this account of the product")
    .action(async (action: string, given: string[], o: { product: Product; tenant?: string }) => {
      const parameters = Object.fromEntries(
        given.map((text) => [text.split("=", 1)[0] ?? "", text.slice(text.indexOf("=") + 1)]),
      );
      const at = tools();
      at.print(await callApi(at, o.product, action, parameters, o.tenant), words);
    });
}

const camel = (flags: string) =>
  (flags.split(" ")[0] ?? "").slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
