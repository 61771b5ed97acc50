import { expect, test } from "vitest";
import { findEnrolmentLink } from "./enrolment-link.ts";

const pin = `sha256%2F${"Ab_-".repeat(10)}xyz`;
const link = `sag://enroll?server=sag.example.com%3A8443&code=CT7X2&pin=${pin}&pin=${pin.toLowerCase()}`;
const short = "sag://enroll?server=sag.example.com&code=CT7X2";

test.each([
  ["alone", link],
  ["in angle brackets", `Use <${link}>, please.`],
  ["with a full stop", `Open ${link}.`],
  ["in other quotation marks", `Open ‹${link}› or “${link}”`],
  ["with a mark of the mail program behind it", `${link}›`],
  ["with HTML's ampersands", link.replaceAll("&", "&amp;")],
  ["wrapped before a parameter", link.replace("&pin", "\n&pin")],
  ["wrapped behind an ampersand", link.replace("&code", "&\ncode")],
  ["wrapped behind an equals sign", link.replace("server=", "server=\r\n")],
  ["wrapped in the server", link.replace("example", "exam\nple")],
  ["wrapped in a pin", link.replace("Ab_-Ab", "Ab_\n-Ab")],
  ["wrapped in a quoted message", link.replace("Ab_-Ab", "Ab_\n> -Ab")],
  ["wrapped at every 30 characters", link.replaceAll(/.{30}/g, "$&\n")],
  ["with a sentence on the next line", `${link}\nRegards, Anna`],
])("%s", (_, text) => expect(findEnrolmentLink(text)).toEqual({ link }));

test("finds a short link, and one that ends with an IPv6 address", () => {
  expect(findEnrolmentLink(`${short}\nSee you`)).toEqual({ link: short });
  expect(findEnrolmentLink(`${short}\n\n&`)).toEqual({ link: short });
  const six = "sag://enroll?code=CT7X2&server=[fd00::1]";
  expect(findEnrolmentLink(`${six}.`)).toEqual({ link: six });
  expect(findEnrolmentLink(`[${short}]`)).toEqual({ link: short });
});

test.each([
  "sag://enroll",
  "sag://enroll?server=sag.example.com",
  "sag://enroll?server=sag.example.com&code=CT7X",
  "sag://enroll?server=sag.example.com&code=CT\nBye",
  "sag://enroll?code=CT7X2",
  `${short}&pin=`,
  link.slice(0, -1),
  `${link.slice(0, -9)}\nRegards, Anna`,
  `${link.slice(0, -9)} ${link.slice(-9)}`,
])("%j is incomplete", (text) => expect(findEnrolmentLink(text)).toBe("incomplete"));

test.each(["", "CT7X2@sag.example.com", "https://sag.example.com"])("%j contains no link", (text) =>
  expect(findEnrolmentLink(text)).toBeNull(),
);
