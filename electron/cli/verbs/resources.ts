import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { IntranetState } from "../../core/client/model.ts";
import { splitHostPort } from "../../core/reach/address.ts";
import { connectedIntranet } from "../connected.ts";
import type { Context } from "../context.ts";
import { sagCommand } from "../sag-command.ts";
import type { Verb } from "../verb.ts";

type Flags = { intranet?: string };

/** Lists the published resources. */
export const resources: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output } = context;
  const { session } = await connectedIntranet(context, flags.intranet ?? named);
  const list = session?.resources ?? [];
  const widest = Math.max(0, ...list.map((one) => one.name.length));
  for (const one of list) output.print(`${one.name.padEnd(widest)}  ${one.kind.padEnd(8)}  ${one.address}`);
  if (list.length === 0) output.say(texts.cli.reach.noResources);
  output.printJson(list);
  return 0;
};

interface SshFlags extends Flags {
  all?: boolean;
}

/**
 * Prints Host blocks for OpenSSH, one for each published resource of kind ssh. Host names begin with the intranet's
 * name, because two companies may both have a "bastion"; host key aliases contain its id, because both may use the
 * same addresses.
 */
export const sshConfig: Verb<[string | undefined], SshFlags> = async (context, flags, named) => {
  const { output } = context;
  const states = await chosen(context, flags, flags.intranet ?? named);
  const hosts = states.flatMap((state) =>
    (state.session?.resources ?? [])
      .filter((one) => one.kind === "ssh")
      .flatMap((one) => sshHost(state, one))
      .map((one) => ({ ...one, intranet: state.intranet, intranetId: state.intranetId })),
  );
  if (hosts.length === 0) output.say(texts.cli.reach.noSshHosts);
  const [only] = states;
  const what = states.length === 1 && only ? only.intranet : texts.cli.reach.allConnected;
  const command = `sag ssh-config${flags.all ? " --all" : ""}`;
  output.print(`# ${texts.cli.reach.sshConfig(what, command)}`);
  for (const { alias, host, port, hostKeyAlias, intranetId } of hosts) {
    output.print(`\nHost ${alias}`);
    output.print(`  HostName ${host}`);
    if (port !== null) output.print(`  Port ${port}`);
    output.print(`  HostKeyAlias ${hostKeyAlias}`);
    output.print(`  ProxyCommand ${sagCommand()} ssh-proxy --intranet ${intranetId} %h %p`);
  }
  output.printJson({
    intranet: flags.all ? null : (only?.intranet ?? null),
    hosts: hosts.map(({ intranetId: _, ...one }) => one),
  });
  return 0;
};

async function chosen(context: Context, { all }: SshFlags, named: string | undefined): Promise<IntranetState[]> {
  if (!all) return [await connectedIntranet(context, named)];
  if (named !== undefined) throw new Failure("invalid_argument", { text: texts.cli.refusals.allOrName });
  const known = await (await context.client()).states();
  if (known.length === 0) throw new Failure("unknown_intranet");
  const states = known.filter((one) => one.session !== null);
  if (states.length === 0) throw new Failure("not_connected");
  return states;
}

interface SshHost {
  alias: string;
  host: string;
  port: number | null;
  /** The name of the host key in known_hosts (HostKeyAlias). */
  hostKeyAlias: string;
}

/** OpenSSH passes host names to a shell, so names with anything but letters, digits, dots and dashes are left out. */
export function sshHost(
  { intranet, intranetId }: { intranet: string; intranetId: string },
  { name, address }: { name: string; address: string },
): SshHost[] {
  const bare = /^\[([0-9a-f:.]+)\]$/i.exec(address)?.[1] ?? address;
  const split = splitHostPort(address);
  const host = split?.host ?? bare;
  const port = split?.port ?? null;
  const [prefix, alias] = [plain(intranet) || intranetId, plain(name)];
  if (alias === "" || !/^[A-Za-z0-9][A-Za-z0-9.:_-]*$|^::?[0-9a-f:.]*$/i.test(host)) return [];
  // The alias uses the id, which does not change when the intranet is renamed. It includes the port, because OpenSSH
  // does not add the port to an alias.
  const hostKeyAlias = `${intranetId}-${host}${port === null || port === 22 ? "" : `-${port}`}`;
  return [{ alias: `${prefix}-${alias}`, host, port, hostKeyAlias }];
}

const plain = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-+|-+$/g, "");
