import { expect, test } from "vitest";
import { entryOf } from "./entry.ts";

test.each([
  ["", { kind: "empty" }],
  ["  ", { kind: "empty" }],
  ["sag://enroll?server=a&code=CT7X2", { kind: "complete", invitation: "sag://enroll?server=a&code=CT7X2" }],
  ["Use <sag://enroll?server=a&code=b>, please", { kind: "complete", invitation: "sag://enroll?server=a&code=b" }],
  ["CT7X2@sag.example.com:8443", { kind: "complete", invitation: "CT7X2@sag.example.com:8443" }],
  ["ct7x2", { kind: "code", enterpriseCode: "ct7x2" }],
  ["CT7", { kind: "unfinished" }],
  ["CT7X2@", { kind: "unfinished" }],
  ["sag://en", { kind: "unfinished" }],
  ["https://example.com", { kind: "invalid" }],
  ["CT7X2@a@b", { kind: "invalid" }],
  ["CT7X2/..", { kind: "invalid" }],
])("%j", (text, entry) => expect(entryOf(text)).toEqual(entry));
