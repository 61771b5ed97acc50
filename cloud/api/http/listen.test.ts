import { expect, test } from "vitest";
import { listenRefusal } from "./listen.ts";

test.each([
  ["192.0.2.1", "listen on 0.0.0.0:8445 and use --public-url https://192.0.2.1:8445."],
  ["2001:db8::1", "listen on [::]:8445 and use --public-url https://[2001:db8::1]:8445."],
  ["::1", "This computer has no IPv6: listen on 127.0.0.1 instead of [::1]."],
])("--listen with %s, which the host does not have, gives useful advice", (host, advice) => {
  const error = Object.assign(new Error("bind"), { code: "EADDRNOTAVAIL" });
  expect(listenRefusal(error, host, 8445).message).toContain(advice);
});
