import { basename } from "node:path";

/**
 * The proxy variables that programs read, in upper and lower case. ALL_PROXY is left out: HTTP_PROXY and HTTPS_PROXY
 * suffice for HTTP, and a SOCKS address there makes programs without a SOCKS library fail at once, such as everything
 * with Python's httpx (openai, huggingface_hub).
 */
export function proxyVariables(http: string): Record<string, string> {
  const proxy = `http://${http}`;
  return {
    ...inBothCases({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1,::1" }),
    // Node.js reads the proxy variables only if this is set (https://nodejs.org/api/cli.html#node_use_env_proxy1).
    NODE_USE_ENV_PROXY: "1",
  };
}

/**
 * Java reads no proxy variables, but takes system properties from JAVA_TOOL_OPTIONS. Existing options come last, so
 * that they take precedence. Options are separated by blanks, so no value may contain one.
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

/**
 * The environment of one command. curl also gets ALL_PROXY, which it uses for everything but HTTP (ftp, ldap,
 * telnet), with names resolved through the tunnel.
 */
export function commandEnvironment(
  env: NodeJS.ProcessEnv,
  program: string,
  { socks, http }: { socks: string; http: string },
): NodeJS.ProcessEnv {
  // Inherited proxies would be used for every protocol that the variables below do not cover.
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
