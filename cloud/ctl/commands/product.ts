import { type Command, Option } from "commander";
import { ctlTexts } from "../../../common/text/ctl.ts";
import type { Product } from "../../api/admin/rpc/protocol/operation.ts";
import { words } from "../answer.ts";
import type { Tools, Verbs } from "../command.ts";
import { namesOf, setInputNames } from "../option-names.ts";
import { fields } from "../output.ts";
import { type Shown, table } from "../table.ts";
import { verbs } from "./product-verbs.ts";
import type { Verb } from "./verb.ts";

const { common, help, objects, operations, options: described } = ctlTexts;

const describe = (texts: Readonly<Record<string, string>>, name: string): string => texts[name] ?? "";

export const productVerbs: Verbs = (program, tools) => {
  for (const verb of verbs) addVerb(program, tools, verb);
  anyOperation(program, tools);
};

function addVerb(program: Command, tools: () => Tools, verb: Verb): void {
  const [object = "", word = "", ...places] = verb.usage.split(" ");
  const name = `${object} ${word}`;
  const parent =
    program.commands.find((c) => c.name() === object) ?? program.command(object).description(describe(objects, object));
  const command = parent.command([word, ...places].join(" ")).description(describe(operations, name));
  const options = Object.entries(verb.options ?? {});
  for (const [flags, [, read]] of options) {
    const option = new Option(flags, optionText(verb, name, flags));
    option.makeOptionMandatory(verb.required?.includes(flags) === true);
    if (read !== undefined) option.argParser(read as (text: string) => unknown);
    command.addOption(option);
  }
  command.option("--tenant <name>", common.tenant);
  setInputNames(command, namesOf(verb));
  command.action(async (...given: unknown[]) => {
    const input: Record<string, unknown> = { ...verb.fixed };
    for (const [i, place] of places.entries()) {
      const field = place.replace(/[<>]/g, "");
      input[field] = verb.places?.[field]?.(String(given[i])) ?? given[i];
    }
    const chosen = command.opts<Record<string, unknown>>();
    for (const [flags, [field]] of options) {
      const value = chosen[camel(flags)];
      if (value !== undefined) input[field] = value;
    }
    const { ask, print } = tools();
    const answer = await ask(name, verb.input?.(input) ?? input, chosen.tenant as string | undefined);
    const selected = verb.list === undefined ? answer : (answer as Record<string, unknown>)[verb.list];
    print(verb.list === "rows" ? selected : answer, () => shown(verb, selected), verb.once?.(answer));
  });
}

function shown({ row }: Verb, view: unknown): Shown {
  if (row === undefined) return words(view as Record<string, unknown>);
  return Array.isArray(view) ? table(view.map((one) => row(one))) : fields(row(view));
}

function optionText({ fixed }: Verb, name: string, flags: string): string {
  const own = describe(described, `${name} ${flags.split(" ")[0]}`);
  if (own !== "" || !flags.startsWith("--region ")) return own;
  return fixed?.region === undefined ? common.onlyRegion : common.region;
}

/** `sagctl api Action Name=value …`: calls any operation of the API. */
function anyOperation(program: Command, tools: () => Tools): void {
  program
    .command("api <action> [parameters...]")
    .description(help.api.what)
    .option("--product <smartag|cbn|sag>", help.api.product, "smartag")
    .option("--tenant <name>", common.tenant)
    .action(async (action: string, given: string[], o: { product: Product; tenant?: string }) => {
      const parameters = Object.fromEntries(
        given.map((text) => [text.split("=", 1)[0] ?? "", text.slice(text.indexOf("=") + 1)]),
      );
      const { ask, print } = tools();
      const answer = await ask("api call", { product: o.product, action, parameters, tenant: o.tenant });
      print(answer, words);
    });
}

const camel = (flags: string) =>
  (flags.split(" ")[0] ?? "").slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
