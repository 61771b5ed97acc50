/** Protocols without ports. */
const withoutPorts = ["ALL", "ICMP", "GRE"];

/**
 * What is wrong with a port range, "from/to" in 1-65535 or -1/-1 for all ports: its form, or that its protocol has no ports. undefined =
 * it is valid.
 */
export function portsFault(range: string, protocol: string): "form" | "protocol" | undefined {
  const match = /^(-1|[1-9]\d{0,4})\/(-1|[1-9]\d{0,4})$/.exec(range);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  const all = from === -1 && to === -1;
  if (!match || (!all && (from < 1 || to > 65_535 || from > to))) return "form";
  return all || !withoutPorts.includes(protocol.toUpperCase()) ? undefined : "protocol";
}
