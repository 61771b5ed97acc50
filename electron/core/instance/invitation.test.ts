import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../causes/failure.ts";
import { formatAddress, parseAddress, urlOf } from "./address.ts";
import { parseInvitation, readPin } from "./invitation.ts";

const pin = "ab".repeat(32);
const base64 = Buffer.from(pin, "hex").toString("base64");
const base64url = Buffer.from(pin, "hex").toString("base64url");

describe("invitation", () => {
  it.each([
    ["sag://enroll?server=https%3A%2F%2Fvpn.example.com%3A8443&code=ab12c", "vpn.example.com:8443", []],
    [`sag://enroll?server=VPN.example.com&code=AB12C&pin=sha256%2F${base64url}`, "vpn.example.com", [pin]],
    [
      `sag://enroll/?code=AB12C&server=10.0.0.1:8443&pin=${pin}&pin=${"cd".repeat(32)}`,
      "10.0.0.1:8443",
      [pin, "cd".repeat(32)],
    ],
    [`SAG://enroll?code=AB12C&server=[fd00::1]&pin=${encodeURIComponent(base64)}&later=yes`, "[fd00::1]", [pin]],
    ["AB12C@vpn.example.com", "vpn.example.com", []],
    [" ab12c@https://vpn.example.com:443/ ", "vpn.example.com", []],
    ["AB12C", null, []],
  ])("reads %s", (text, server, pins) => {
    expect(parseInvitation(text)).toEqual({ server, code: "AB12C", pins });
  });

  it("accepts server and code separately", () => {
    expect(parseInvitation({ server: "https://vpn.example.com", enterpriseCode: "ab12c" })).toEqual({
      server: "vpn.example.com",
      code: "AB12C",
      pins: [],
    });
  });

  it.each([
    "",
    "AB12",
    "AB12C@",
    "AB12C@a b",
    "AB12C@host:0",
    "AB12C@host:99999",
    "AB12C@host/path",
    "AB12C@user@host",
    "AB12C@-host",
    "http://enroll?server=a&code=AB12C",
    "sag://enroll",
    "sag://other?server=a&code=AB12C",
    "sag://enroll?server=a",
    "sag://enroll?code=AB12C",
    "sag://enroll?server=a&server=b&code=AB12C",
    "sag://enroll?server=a&code=AB12C&code=AB12C",
    "sag://enroll?server=a&code=AB12C#fragment",
    "sag://enroll?server=a&code=AB12C&pin=",
    "sag://enroll?server=a&code=AB12C&pin=1234",
    `sag://enroll?server=a&code=AB12C&pin=${pin}&pin=${pin}`,
    `sag://enroll?server=a&code=AB12C&${"x=1&".repeat(1000)}`,
    "sag://enroll?server=%00a&code=AB12C",
    "sag://enroll?server=http://a&code=AB12C",
  ])("refuses %j", (text) => {
    expect(() => parseInvitation(text)).toThrow(Failure);
  });

  it("returns an enrolment or throws a Failure, for any input", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "sag://enroll?",
        "server=",
        "code=",
        "pin=",
        "&",
        "@",
        "AB12C",
        "a.example",
        ":443",
        "%",
        "%zz",
        "[",
        "]",
      ),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const { server, code, pins } = parseInvitation(pieces.join(""));
          expect(code).toMatch(/^[0-9A-Z]{5}$/);
          if (server !== null) expect(formatAddress(parseAddress(server))).toBe(server);
          for (const one of pins) expect(one).toMatch(/^[0-9a-f]{64}$/);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Failure);
        }
      }),
    );
  });

  it("parses pins in every encoding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const hex = Buffer.from(bytes).toString("hex");
        const forms = [
          hex,
          hex.toUpperCase(),
          Buffer.from(bytes).toString("base64"),
          `sha256/${Buffer.from(bytes).toString("base64url")}`,
        ];
        for (const form of forms) expect(readPin(form)).toBe(hex);
        const query = new URLSearchParams({ server: "https://h:1", code: "AB12C", pin: forms[3] ?? "" });
        expect(parseInvitation(`sag://enroll?${query}`).pins).toEqual([hex]);
      }),
    );
  });

  it("has a URL that always includes the port", () => {
    expect(urlOf(parseAddress("vpn.example.com"))).toBe("https://vpn.example.com:443");
    expect(urlOf(parseAddress("[fd00::1]:8443"))).toBe("https://[fd00::1]:8443");
  });
});
