import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { splitHostPort } from "../../core/reach/address.ts";
import { connectedIntranet } from "../connected.ts";
import type { Verb } from "../verb.ts";

type Flags = { intranet?: string };

/** What the administrator publishes. */
export const resources: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output } = context;
  const { session } = await connectedIntranet(context, flags.intranet ?? named);
  const list = session?.resources ?? [];
  const widest = Math.max(0, ...list.map((one) => one.name.length));
  for (const one of list) output.print(`${one.name.padEnd(widest)}  ${one.kind.padEnd(8)}  ${one.address}`);
  if (list.length === 0) output.say("Your administrator has published nothing here yet.");
  output.printJson(list);
  return 0;
};

/** Host blocks for OpenSSH, one for each published resource of kind ssh. */
export const sshConfig: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output } = context;
  const { intranet, intranetId, session } = await connectedIntranet(context, flags.intranet ?? named);
  const published = (session?.resources ?? []).filter((one) => one.kind === "ssh");
  const hosts = published.flatMap(sshHost);
  if (published.length === 0) output.say("Your administrator has published no host of kind ssh yet.");
  output.print(`# ${intranet}: sag ssh-config > ~/.ssh/sag.conf, and at the top of ~/.ssh/config: Include sag.conf`);
  for (const { alias, host, port } of hosts) {
    output.print(`\nHost ${alias}`);
    output.print(`  HostName ${host}`);
    if (port !== null) output.print(`  Port ${port}`);
    output.print(`  ProxyCommand ${sagCommand()} ssh-proxy --intranet ${intranetId} %h %p`);
  }
  output.printJson({ intranet, hosts });
  return 0;
};

interface SshHost {
  alias: string;
  host: string;
  port: number | null;
}

/** OpenSSH gives names to a shell: what is more than letters, digits, dots and dashes is not written into its configuration. */
export function sshHost({ name, address }: { name: string; address: string }): SshHost[] {
  const bare = /^\[([0-9a-f:.]+)\]$/i.exec(address)?.[1] ?? address;
  const split = splitHostPort(address);
  const host = split?.host ?? bare;
  const alias = name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-+|-+$/g, "");
  if (alias === "" || !/^[A-Za-z0-9][A-Za-z0-9.:_-]*$|^::?[0-9a-f:.]*$/i.test(host)) return [];
  return [{ alias, host, port: split?.port ?? null }];
}

/** The launcher beside this program, so that it works wherever it is called; else whatever is on PATH. */
function sagCommand(): string {
  for (const place of ["../bin/sag", "../../bin/sag", "../../../bin/sag"]) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path) && !/["\\%\n]/.test(path)) return `"${path}"`;
  }
  return "sag";
}
