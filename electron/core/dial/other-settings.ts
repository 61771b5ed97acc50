import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { texts } from "../../../common/text/index.ts";
import { Failure, plainText } from "../causes/failure.ts";
import type { ConnectOptions } from "../client/requests.ts";

const say = texts.core.otherSettings;

/**
 * Why a session that was connected before does not have the settings of this call; undefined = it has them. An access
 * point that does not exist has the cause that the cloud instance would give.
 */
export function otherSettings(intranet: string, state: StateJson, options: ConnectOptions): Failure | undefined {
  const { accessPoint: used, session } = state;
  const { accessPoint: wanted } = options;
  const isOther = wanted !== undefined && wanted !== used?.id && wanted !== used?.name;
  const usable = session?.accessPoints ?? [];
  if (isOther && !usable.some(({ id, name }) => wanted === id || wanted === name)) {
    const available = usable.map(labelOf).join(", ");
    return new Failure("invalid_argument", { text: say.unknownAccessPoint(wanted, available), field: "access_point" });
  }
  const differences = [...(isOther ? [say.accessPoint(labelOf(used ?? {}))] : []), ...otherProxy(state, options)];
  if (differences.length === 0) return undefined;
  const text = say.message(intranet, differences);
  return new Failure("already_exists", { text, field: "session", subject: intranet });
}

function otherProxy({ proxy }: StateJson, { socks, http, outside }: ConnectOptions): string[] {
  if ((socks ?? http ?? outside) === undefined) return [];
  if (!proxy) return [say.noProxy];
  const used = proxy.outside === "OUTSIDE_REFUSE" ? "refuse" : "direct";
  return [
    ...(isOtherListener(socks, proxy.socks) ? [say.socks(proxy.socks ?? "")] : []),
    ...(isOtherListener(http, proxy.http) ? [say.http(proxy.http ?? "")] : []),
    ...(outside === undefined || outside === used ? [] : [say.outside[used]]),
  ];
}

/** Port 0 is any port. */
function isOtherListener(wanted: string | undefined, used = ""): boolean {
  if (wanted === undefined || wanted === used) return false;
  return !wanted.endsWith(":0") || wanted.slice(0, -1) !== used.slice(0, used.lastIndexOf(":") + 1);
}

const labelOf = ({ id = "", name = "" }: { id?: string; name?: string }): string => plainText(name || id);
