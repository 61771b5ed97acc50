import { ctlTexts } from "../../../common/text/ctl.ts";
import type { InstanceView } from "../../domain/instances/instances.ts";
import { resourceKinds } from "../../domain/limits/resource.ts";
import type { Verbs } from "../command.ts";
import { table } from "../table.ts";

const { common, help, output } = ctlTexts;
const { columns } = output;

const which = ["--instance <id|name>", common.instance] as const;

const words = (resources: InstanceView["resources"]) =>
  table(
    resources.map(({ name, kind, address }) => ({
      [columns.name]: name,
      [columns.kind]: kind,
      [columns.address]: address,
    })),
  );

export const resourceVerbs: Verbs = (program, tools) => {
  const resource = program.command("resource").description(help.resource.what);
  const change = async (verb: string, parameters: Record<string, unknown>) => {
    const { ask, print } = tools();
    const view = (await ask(verb, parameters)) as InstanceView;
    print(view.resources, words);
  };
  resource
    .command("add <name> <address>")
    .description(help.resource.add)
    .option("--kind <kind>", help.resource.kindAtFirst(resourceKinds.join(", ")))
    .option(...which)
    .action((name: string, address: string, o: { kind?: string; instance?: string }) =>
      change("resource add", { name, address, kind: o.kind, instance: o.instance }),
    );
  resource
    .command("set <name>")
    .description(help.resource.set)
    .option("--name <name>", help.resource.name)
    .option("--address <address>", help.resource.address)
    .option("--kind <kind>", resourceKinds.join(", "))
    .option(...which)
    .action((name: string, o: { name?: string; address?: string; kind?: string; instance?: string }) =>
      change("resource set", { name, newName: o.name, address: o.address, kind: o.kind, instance: o.instance }),
    );
  resource
    .command("remove <name>")
    .description(help.resource.remove)
    .option(...which)
    .action((name: string, o: { instance?: string }) => change("resource remove", { name, instance: o.instance }));
  resource
    .command("list")
    .description(help.resource.list)
    .option(...which)
    .action((o: { instance?: string }) => change("instance show", { instance: o.instance }));
};
