import { expect, it } from "vitest";
import { firstMirror, mirrorOf, parseSources } from "./apt-sources.ts";

it("finds a distribution's mirror in both formats of apt sources, and ignores disabled entries", () => {
  const text = `# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://other.example/apt stable main
deb http://list.example/ubuntu noble main universe

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie

Types: deb deb-src
# A comment.
URIs: http://mirror.example/debian
Suites: trixie
 trixie-updates
Components: main
`;
  const sources = parseSources(text);
  expect(mirrorOf(["noble"], sources)).toBe("http://list.example/ubuntu");
  expect(mirrorOf(["bookworm", "trixie"], sources)).toBe("http://mirror.example/debian");
  expect(mirrorOf(["jammy"], sources)).toBeUndefined();
});

it("reads a list of mirrors, and ignores those that debootstrap does not support", () => {
  const list =
    "# The nearest first.\n\nhttp://near.example/ubuntu/\tpriority:1\nhttp://far.example/ubuntu/\tpriority:2\n";
  expect(firstMirror(list)).toBe("http://near.example/ubuntu/");
  expect(mirrorOf(["noble"], [{ uri: "cdrom:[Ubuntu]/", suites: ["noble"] }])).toBeUndefined();
});
