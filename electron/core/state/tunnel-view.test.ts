import { expect, test } from "vitest";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { texts } from "../../../common/text/index.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { tunnelState } from "./tunnel-view.ts";

const day = 86_400_000;
const record = { id: "aaaa", name: "contoso", displayName: "Contoso", user: "anna", server: "s", signedIn: true };
const json = {
  intranetId: "aaaa",
  phase: "PHASE_CONNECTED",
  warnings: [{ code: "WARNING_CODE_EXPIRES_SOON", hop: "HOP_KIND_CLIENT", fixer: "FIXER_YOU" }],
} as StateJson;
const warnings = (signInEnds?: number) =>
  tunnelState({ ...record, signInEnds } as IntranetRecord, json).warnings.map((one) => one.message);

test("the warning that a sign-in ends says when", () => {
  const ends = Date.now() + 2 * day;
  const year = new Date(ends).getFullYear();
  expect(warnings(ends)).toEqual([
    expect.stringMatching(
      new RegExp(`^Your sign-in ends on \\d+ \\w+ ${year} at \\d\\d:\\d\\d\\. Sign in again before then\\.$`),
    ),
  ]);
});

test("the warning is dropped after signing in again", () => {
  expect(warnings(Date.now() + 30 * day)).toEqual([]);
});

test("without a known end the warning has no time", () => {
  expect(warnings()).toEqual(["Your sign-in ends soon. Sign in again before it does."]);
});

test("a cloud instance that does not answer: says until when the session lasts", () => {
  const { warnings: shown, hops } = tunnelState(
    record as IntranetRecord,
    {
      ...json,
      session: { sessionId: "1", leaseLeft: "3600s" },
      hops: [{ kind: "HOP_KIND_INSTANCE", name: "SAG", whole: true }],
      warnings: [{ code: "WARNING_CODE_INSTANCE_UNREACHABLE", hop: "HOP_KIND_INSTANCE" }],
    } as StateJson,
  );
  const message = expect.stringMatching(
    /^Your company's server \(s\) does not answer\. You stay connected until \d\d:\d\d( tomorrow)?\.$/,
  );
  expect(shown).toMatchObject([{ message, fixer: "administrator" }]);
  const [whileGone] = tunnelState(
    record as IntranetRecord,
    {
      ...json,
      phase: "PHASE_RECONNECTING",
      session: { sessionId: "1", leaseLeft: "3600s" },
      warnings: [{ code: "WARNING_CODE_INSTANCE_UNREACHABLE", hop: "HOP_KIND_INSTANCE" }],
    } as StateJson,
  ).warnings;
  expect(whileGone?.message).toMatch(/does not answer\. The session lasts until \d\d:\d\d( tomorrow)?\.$/);
  expect(hops).toMatchObject([{ kind: "instance", whole: false, missing: { message } }]);
});

test("a time on another day includes the date", () => {
  const now = new Date(2026, 10, 29, 22, 57);
  expect(texts.formats.moment(now, new Date(2026, 10, 29, 23, 1))).toBe("23:01");
  expect(texts.formats.moment(now, new Date(2026, 10, 30, 8, 57))).toBe("08:57 tomorrow");
  expect(texts.formats.moment(now, new Date(2026, 11, 3, 8, 57))).toBe("08:57 on 3 December");
  expect(texts.formats.moment(new Date(2026, 11, 31, 22, 0), new Date(2027, 0, 1, 8, 0))).toBe("08:00 tomorrow");
});

test("reconnecting: a cause after every access point was tried names none of them", () => {
  const seen = (warnings: object[] = [], phase = "PHASE_RECONNECTING") =>
    tunnelState(
      record as IntranetRecord,
      {
        ...json,
        phase,
        accessPoint: { id: "ap-1", name: "Paris" },
        cause: { cause: "CAUSE_ACCESS_POINT_UNREACHABLE" },
        warnings,
      } as StateJson,
    ).cause;
  expect(seen()).toMatchObject({
    cause: "access_point_unreachable",
    message: "None of your company's access points answers.",
    action: "Trying to reconnect automatically.",
    fixer: "administrator",
  });
  // If the cloud instance does not answer either, the local network may be the cause.
  expect(seen([{ code: "WARNING_CODE_INSTANCE_UNREACHABLE", hop: "HOP_KIND_INSTANCE" }])).toMatchObject({
    message: "Neither your company's server nor any of its access points answers.",
    fixer: "network",
  });
  expect(seen([], "PHASE_FAILED")?.message).toBe("The access point Paris does not answer.");
});

test("while it reconnects by itself, nobody is told to try again", () => {
  const action = (phase: string, cause: string) =>
    tunnelState(record as IntranetRecord, { ...json, phase, cause: { cause } } as StateJson).cause?.action;
  for (const cause of ["CAUSE_NO_NETWORK", "CAUSE_CAPTIVE_PORTAL", "CAUSE_VPN_CONFLICT"]) {
    expect(action("PHASE_RECONNECTING", cause)).toMatch(/[Ii]t (then )?reconnects/);
    expect(action("PHASE_FAILED", cause)).toMatch(/try again/);
  }
});
