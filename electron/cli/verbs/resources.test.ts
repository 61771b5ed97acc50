import { expect, it } from "vitest";
import { sshHost } from "./resources.ts";

it.each([
  ["db", "db.corp.example", [{ alias: "db", host: "db.corp.example", port: null }]],
  ["Jump host (EU)", "10.0.0.5:2222", [{ alias: "Jump-host-EU", host: "10.0.0.5", port: 2222 }]],
  ["six", "[fd00::5]:22", [{ alias: "six", host: "fd00::5", port: 22 }]],
  ["six alone", "[fd00::5]", [{ alias: "six-alone", host: "fd00::5", port: null }]],
  ["a shell's", "host;reboot", []],
  ["a shell's", "$(reboot)", []],
  ["an option", "-oProxyCommand=reboot", []],
  ["a token", "%h", []],
  ["***", "host", []],
])("%s at %s", (name, address, hosts) => {
  expect(sshHost({ name, address })).toEqual(hosts);
});
