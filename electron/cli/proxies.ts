/** What programs look at, upper and lower case. Names go along (socks5h), so that they are looked up inside. */
export function proxyVariables(socks: string, http: string): Record<string, string> {
  const values = {
    ALL_PROXY: `socks5h://${socks}`,
    HTTP_PROXY: `http://${http}`,
    HTTPS_PROXY: `http://${http}`,
    NO_PROXY: "localhost,127.0.0.1,::1",
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}
