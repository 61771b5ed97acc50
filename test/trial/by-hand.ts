import { at } from "../../build/lib/root.ts";
import { addresses } from "../harness/intranet/plan.ts";
import type { Seen } from "../harness/person.ts";
import { print } from "./steps.ts";

/** What is needed to continue a trial that was kept. */
export interface Kept {
  link: string;
  user: string;
  password: string;
  portalUrl: string;
  seen: Seen;
  env: NodeJS.ProcessEnv;
  data: string;
}

const variables = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];

/** Prints commands to paste into a shell. */
export const printByHand = (kept: Kept): void => {
  const { link, user, password, portalUrl, seen, env, data } = kept;
  const isLocal = link.includes("127.0.0.1");
  print(`
Go on by hand. In another terminal, as the person of this trial:
  export PATH="${at("bin")}:$PATH"
  export ${variables.map((name) => `${name}='${env[name]}'`).join(" ")}
  sag status

The portal, by its name in the intranet:
  curl --socks5-hostname ${seen.socks} ${portalUrl}
  curl -x http://${seen.http} ${portalUrl}
  chromium --user-data-dir="$(mktemp -d)" --proxy-pac-url=${seen.pac} ${portalUrl}

As somebody new, on this machine${isLocal ? "" : " or another that reaches this one"} (first the PATH line):
  sag sign-in '${link}' --user ${user}
    password: ${password}
  sag connect

The administrator:
  sagctl --data '${data}' account list
  sagctl --data '${data}' account kick ${user} --reason 'lunch'

Published in the intranet: ${Object.entries(addresses)
    .map(([name, address]) => `${name} ${address}`)
    .join(", ")}

Ctrl-C stops everything.
`);
};
