import { basename } from "node:path";

/**
 * What programs look at, upper and lower case. No ALL_PROXY: for HTTP these suffice, and a SOCKS address there makes many programs
 * fail at once that have no SOCKS library, such as everything with Python's httpx (openai, huggingface_hub).
 */
export function proxyVariables(http: string): Record<string, string> {
  const proxy = `http://${http}`;
  return {
    ...inBothCases({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1,::1" }),
    // Node.js looks at the others only with this one (https://nodejs.org/api/cli.html#node_use_env_proxy1).
    NODE_USE_ENV_PROXY: "1",
  };
}

/**
 * Java looks at no proxy variable, but takes system properties from this one. Options that were there come last, so that they win.
 * Blanks separate options, so that no value may have one.
 */
function javaOptions(http: string, given = ""): string {
  const [host, port] = splitAddress(http);
  const properties = {
    "http.proxyHost": host,
    "http.proxyPort": port,
    "https.proxyHost": host,
    "https.proxyPort": port,
    "http.nonProxyHosts": "localhost|127.*|[::1]",
  };
  return [...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`), given].join(" ").trim();
}

function splitAddress(address: string): [host: string, port: string] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), address.slice(colon + 1)];
}

/** For one command: with ALL_PROXY for curl, which uses it for all that is not HTTP (ftp, ldap, telnet) and looks names up inside. */
export function commandEnvironment(
  env: NodeJS.ProcessEnv,
  program: string,
  { socks, http }: { socks: string; http: string },
): NodeJS.ProcessEnv {
  // An inherited one leads elsewhere, and would be used for whatever the others are not.
  const { ALL_PROXY: _, all_proxy: __, JAVA_TOOL_OPTIONS, ...rest } = env;
  const all = basename(program) === "curl" ? inBothCases({ ALL_PROXY: `socks5h://${socks}` }) : {};
  return {
    ...rest,
    ...proxyVariables(http),
    JAVA_TOOL_OPTIONS: javaOptions(http, JAVA_TOOL_OPTIONS),
    ...all,
  };
}

const inBothCases = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
