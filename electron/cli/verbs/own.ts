import { texts } from "../../../common/text/cli.ts";
import type { DeviceInfo, OwnSessionInfo } from "../../core/account/account.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  end?: string;
}

/** Lists the account's devices; `--end` signs one of them out. */
export const devices: Verb<[string | undefined], Flags> = async ({ client, output }, flags, named) => {
  const account = await (await client()).account();
  const intranet = flags.intranet ?? named;
  if (flags.end !== undefined) {
    await account.endDevice(flags.end, intranet);
    output.print(texts.cli.account.deviceEnded);
    output.printJson({ ended: flags.end });
    return 0;
  }
  const list = await account.devices(intranet);
  for (const one of list) output.print(deviceLine(one));
  output.printJson(list);
  return 0;
};

/** Lists the account's sessions; `--end` ends one of them. */
export const sessions: Verb<[string | undefined], Flags> = async ({ client, output }, flags, named) => {
  const account = await (await client()).account();
  const intranet = flags.intranet ?? named;
  if (flags.end !== undefined) {
    await account.endSession(flags.end, intranet);
    output.print(texts.cli.account.sessionEnded);
    output.printJson({ ended: flags.end });
    return 0;
  }
  const list = await account.sessions(intranet);
  for (const one of list) output.print(sessionLine(one));
  if (list.length === 0) output.say(texts.cli.account.noSessions);
  output.printJson(list);
  return 0;
};

const deviceLine = ({ id, name, platform, lastSeenMs, signedIn, thisDevice }: DeviceInfo): string =>
  [
    name,
    platform,
    texts.cli.account.lastSeen(lastSeenMs),
    ...(signedIn ? [] : [texts.cli.account.isSignedOut]),
    ...(thisDevice ? [texts.cli.account.thisDevice] : []),
    id,
  ].join(" · ");

const sessionLine = ({ id, deviceName, addresses, mode, ageMs, thisDevice }: OwnSessionInfo): string =>
  [
    deviceName,
    addresses.join(" "),
    mode ?? "",
    texts.cli.account.connectedFor(ageMs),
    ...(thisDevice ? [texts.cli.account.thisDevice] : []),
    id,
  ]
    .filter(Boolean)
    .join(" · ");
