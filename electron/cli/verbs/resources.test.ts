import { expect, it } from "vitest";
import { sshHost } from "./resources.ts";

const of = { intranet: "work", intranetId: "a1b2" };

it.each([
  ["db", "db.corp.example", { alias: "work-db", host: "db.corp.example", port: null, key: "a1b2-db.corp.example" }],
  [
    "Jump host (EU)",
    "10.0.0.5:2222",
    { alias: "work-Jump-host-EU", host: "10.0.0.5", port: 2222, key: "a1b2-10.0.0.5-2222" },
  ],
  ["six", "[fd00::5]:22", { alias: "work-six", host: "fd00::5", port: 22, key: "a1b2-fd00::5" }],
  ["six alone", "[fd00::5]", { alias: "work-six-alone", host: "fd00::5", port: null, key: "a1b2-fd00::5" }],
])("%s at %s", (name, address, { key, ...host }) => {
  expect(sshHost(of, { name, address })).toEqual([{ ...host, hostKeyAlias: key }]);
});

it.each([
  ["a shell's", "host;reboot"],
  ["a shell's", "$(reboot)"],
  ["an option", "-oProxyCommand=reboot"],
  ["a token", "%h"],
  ["***", "host"],
])("%s at %s is left out", (name, address) => {
  expect(sshHost(of, { name, address })).toEqual([]);
});

it("uses the id of an intranet whose name has no characters that OpenSSH accepts", () => {
  expect(sshHost({ ...of, intranet: "会社" }, { name: "db", address: "db" })).toMatchObject([{ alias: "a1b2-db" }]);
});
