import { expect, test } from "vitest";
import { entryOf } from "./entry.ts";

test.each([
  ["", { kind: "empty" }],
  ["  ", { kind: "empty" }],
  ["sag://enroll?server=a&code=CT7X2", { kind: "complete", invitation: "sag://enroll?server=a&code=CT7X2" }],
  [
    "Use <sag://enroll?server=a&code=CT7X2>, please",
    { kind: "complete", invitation: "sag://enroll?server=a&code=CT7X2" },
  ],
  ["sag://enroll?server=a&amp;code=CT7X2.", { kind: "complete", invitation: "sag://enroll?server=a&code=CT7X2" }],
  ["CT7X2@sag.example.com:8443", { kind: "complete", invitation: "CT7X2@sag.example.com:8443" }],
  ["ct7x2", { kind: "code", enterpriseCode: "ct7x2" }],
  ["CT7", { kind: "unfinished", lacks: "codeUnfinished" }],
  ["CT7X", { kind: "unfinished", lacks: "codeUnfinished" }],
  ["CT7@sag.example.com", { kind: "unfinished", lacks: "codeUnfinished" }],
  ["CT7X2@", { kind: "unfinished", lacks: "serverUnfinished" }],
  ["sag://en", { kind: "unfinished", lacks: "linkIncomplete" }],
  ["sag://enroll?server=a", { kind: "unfinished", lacks: "linkIncomplete" }],
  ["https://example.com", { kind: "server" }],
  ["https://example.com:8443/", { kind: "server" }],
  ["sag.example.com", { kind: "server" }],
  ["10.0.0.1:8443", { kind: "server" }],
  ["CT7X2@a@b", { kind: "invalid" }],
  ["CT7X2/..", { kind: "invalid" }],
])("%j", (text, entry) => expect(entryOf(text)).toEqual(entry));
