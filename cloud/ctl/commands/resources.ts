import type { InstanceView } from "../../domain/instances/instances.ts";
import { resourceKinds } from "../../domain/limits/resource.ts";
import type { Verbs } from "../command.ts";
import { table } from "../output.ts";

const which = ["--instance <id|name>", "the instance; may be left out when there is only one"] as const;

const words = (resources: InstanceView["resources"]) =>
  table(resources.map(({ name, kind, address }) => ({ name, kind, address })));

export const resourceVerbs: Verbs = (program, tools) => {
  const resource = program.command("resource").description("what is worth a name inside; clients list it");
  const change = async (verb: string, parameters: Record<string, unknown>) => {
    const { ask, print } = tools();
    const view = (await ask(verb, parameters)) as InstanceView;
    print(view.resources, words);
  };
  resource
    .command("add <name> <address>")
    .description("publish a URL, HOST or HOST:PORT")
    .option("--kind <kind>", `${resourceKinds.join(", ")}; without, web for a URL and other for the rest`)
    .option(...which)
    .action((name: string, address: string, o: { kind?: string; instance?: string }) =>
      change("resource add", { name, address, kind: o.kind, instance: o.instance }),
    );
  resource
    .command("remove <name>")
    .option(...which)
    .action((name: string, o: { instance?: string }) => change("resource remove", { name, instance: o.instance }));
  resource
    .command("list")
    .option(...which)
    .action((o: { instance?: string }) => change("instance show", { instance: o.instance }));
};
