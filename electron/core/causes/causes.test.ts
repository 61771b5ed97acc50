import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { HopKind, WarningCode } from "#proto/types/v1/state_pb.js";
import {
  addressChanged,
  banned,
  bannedBecause,
  causeTable,
  endedByUser,
  exitInterrupted,
  passwordReset,
  signedOutByUser,
} from "../../../common/causes/table.ts";
import { texts } from "../../../common/text/index.ts";
import type { CauseCode } from "../client/model.ts";
import { exitCodeOf, Failure, failureView, plainText } from "./failure.ts";
import { warningTable, warningView } from "./warnings.ts";

const words = (values: object): string[] =>
  Object.keys(values)
    .filter((key) => !/^\d+$/.test(key) && key !== "UNSPECIFIED")
    .map((key) => key.toLowerCase())
    .sort();

describe("the cause table", () => {
  it("has exactly the causes, warnings and hops of the contract", () => {
    expect(Object.keys(causeTable).sort()).toEqual(words(Cause));
    expect(Object.keys(warningTable).sort()).toEqual(words(WarningCode));
    expect(Object.keys(texts.hops).sort()).toEqual(words(HopKind));
  });

  it("has the same fixer for a cause and for the warning with the same name", () => {
    const both = (Object.keys(warningTable) as (keyof typeof warningTable)[]).filter((code) => code in causeTable);
    expect(both).toContain("instance_unreachable");
    for (const code of both) {
      const cause = failureView(code as keyof typeof causeTable);
      for (const fixer of ["you", "administrator", "network", null] as const)
        expect([code, warningView(code, { fixer }).fixer]).toEqual([code, cause.fixer]);
    }
  });

  it("has a unique exit code for each cause", () => {
    const codes = Object.values(causeTable).map((row) => row.exit);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code > 0 && code < 126 && code !== exitInterrupted).toBe(true);
    expect([exitCodeOf("unknown"), exitCodeOf("invalid_argument")]).toEqual([1, 2]);
  });

  it("has one or two sentences in sentence case, without the word error", () => {
    for (const code of Object.keys(causeTable) as (keyof typeof causeTable)[]) {
      for (const details of [{}, { subject: "it.example", deviceName: "anna-laptop", retryAfterMs: 2500 }]) {
        const { message, action } = failureView(code, details);
        for (const text of [message, action]) {
          expect(text, code).not.toMatch(/error|tunnel established|undefined/i);
          if (!/^(it.example|anna-laptop) /.test(text)) expect(text, code).toMatch(/^\p{Lu}/u);
          expect(text, code).toMatch(/[.]$|\?"$|: sag [^.]*$|: sudo [^.]*$|--store file$/);
        }
      }
    }
    for (const message of Object.values(texts.warnings)) expect(message).toMatch(/^\p{Lu}.*[.]$/u);
  });
});

describe("Failure", () => {
  it("uses the texts of the table", () => {
    const failure = new Failure("replaced", { deviceName: "bob\u001b[31m-phone" });
    expect(failure.message).toBe("bob [31m-phone took over this session.");
    expect(failure.view).toMatchObject({ cause: "replaced", fixer: "you", deviceName: "bob [31m-phone" });
    expect(failureView("too_many_attempts", { retryAfterMs: 4200 }).action).toBe("Try again in 5 s.");
  });

  it("attributes an unusable session to the administrator's setting, not to sag-tunnel", () => {
    const text = "the intranet's settings cannot be used: routes[0]: 127.0.0.0/8 is never part of an intranet";
    const seen = failureView("answer_invalid", { subject: "sag-tunnel", field: "routes[0]", text });
    expect(seen.message).toBe(`T${text.slice(1)}.`);
    expect(seen.action).toBe("Ask your administrator to change this setting of the intranet.");
    expect(failureView("answer_invalid", { subject: "sag-tunnel" }).message).toContain(
      "sag-tunnel could not be understood",
    );
  });

  it("includes why a sign-in ended, which server does not answer, and how many devices are connected", () => {
    const rendered = (...of: Parameters<typeof failureView>) => {
      const { message, action, fixer } = failureView(...of);
      return [`${message} ${action}`, fixer];
    };
    expect(rendered("sign_in_expired", { key: passwordReset })).toEqual([
      "Your administrator set a new password. Sign in with it.",
      "you",
    ]);
    expect(rendered("sign_in_expired", { text: "The sign-in of this device has ended." })[0]).toBe(
      "Your sign-in has ended. Sign in again.",
    );
    expect(rendered("instance_unreachable", { subject: "sag.example.com" })).toEqual([
      "Your company's server sag.example.com does not answer. If other pages load, tell your administrator.",
      "administrator",
    ]);
    expect(rendered("no_network")[1]).toBe("you");
    expect(rendered("kicked")).toEqual([
      "Your administrator ended your session. Connect again, or ask your administrator.",
      "you",
    ]);
    // Ended by the user, not by an administrator.
    expect(rendered("kicked", { key: endedByUser, text: "Ended from desk.", deviceName: "desk" })[0]).toBe(
      "You ended this session from desk. Connect again.",
    );
    const until = "You can connect again at 2026-12-01 08:00 UTC.";
    expect(rendered("kicked", { key: banned, text: until })[0]).toBe(
      `Your administrator blocked this account for a while. ${until} Connect again then, or ask your administrator.`,
    );
    expect(rendered("kicked", { key: bannedBecause, text: `Lost laptop. ${until}` })[0]).toBe(
      `Your administrator blocked this account for a while: Lost laptop. ${until} Connect again then, or ask your administrator.`,
    );
    expect(rendered("session_expired", { key: addressChanged, text: "The address changed." })[0]).toBe(
      "The address changed. Connect again.",
    );
    expect(rendered("sign_in_expired", { key: signedOutByUser, text: "Signed out.", deviceName: "desk" })[0]).toBe(
      "You signed this computer out from desk. Sign in again.",
    );
    expect(rendered("sign_in_expired", { key: signedOutByUser })[0]).toMatch(/^You signed .* from another device\./);
    const sessions = ["1", "2", "3"].map((id) => ({ id, deviceName: id, ageMs: 0, clientIp: "" }));
    expect(rendered("session_limit", { sessions })[0]).toMatch(
      /^You are connected on 3 devices, the maximum allowed\. End one/,
    );
  });

  it("has no commands in the texts of the app, which has buttons instead", () => {
    const fields = [
      "",
      "trust",
      "port",
      "display",
      "browser",
      "code",
      "second_factor",
      "not_kept",
      "forward",
      "session",
    ];
    const typed = /\bsudo\b|\bsag [a-z]|(^|\s)--[a-z]|terminal/;
    for (const cause of Object.keys(causeTable) as CauseCode[]) {
      for (const field of fields) {
        for (const text of [undefined, "It ended."]) {
          const details = { field, subject: "CT7X2@sag.example.com", holder: "nc", ...(text ? { text } : {}) };
          const { message, action } = failureView(cause, details);
          expect(`${message} ${action}`, `${cause} ${field}`).not.toMatch(typed);
        }
      }
    }
  });

  it("removes control and direction characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(plain.length).toBeLessThanOrEqual(1024);
      }),
    );
  });
});
