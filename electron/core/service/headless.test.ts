import { expect, it } from "vitest";
import { Failure, failureView } from "../causes/failure.ts";
import type { Client, ClientEvent } from "../client/client.ts";
import type { CauseCode, IntranetState } from "../client/model.ts";
import { type Outcome, stayConnected } from "./headless.ts";

const up = { intranet: "Work", intranetId: "a1b2", phase: "connected" } as IntranetState;

/** A client whose attempts have these outcomes: refused with a cause, or connected and then lost with one. */
const machine = (...attempts: (CauseCode | { lost: CauseCode | null })[]) => {
  let tries = 0;
  let now: { lost: CauseCode | null } | undefined;
  const client = {
    connect: async () => {
      const next = attempts[tries++];
      if (next === undefined) throw new Error("it went on");
      if (typeof next === "string") throw new Failure(next);
      now = next;
      return up;
    },
    watch: (listener: (event: ClientEvent) => void) => {
      const lost = now?.lost ?? null;
      const state = {
        ...up,
        phase: lost ? "failed" : "disconnected",
        cause: lost && failureView(lost),
      } as IntranetState;
      queueMicrotask(() => listener({ kind: "changed", state }));
      return { setAttentive: () => {}, close: () => {} };
    },
  } as unknown as Client;
  return { client, tries: () => tries };
};

const stay = async (client: Client) => {
  const noted: Outcome[] = [];
  const pauses: number[] = [];
  const why = await stayConnected(client, {
    note: (outcome) => noted.push(outcome),
    delay: async (ms) => void pauses.push(ms),
    signal: new AbortController().signal,
  });
  return { why, noted: noted.map((one) => `${one.phase} ${one.cause?.cause ?? ""}`.trim()), pauses };
};

it("retries with growing pauses, and starts over after a connection", async () => {
  const { client } = machine("no_network", "no_network", { lost: "session_expired" }, "instance_unreachable", {
    lost: null,
  });
  const { why, noted, pauses } = await stay(client);
  expect(why).toBeNull();
  expect(pauses).toEqual([1_000, 2_000, 1_000, 2_000]);
  expect(noted).toEqual([
    "waiting no_network",
    "waiting no_network",
    "connected",
    "waiting session_expired",
    "waiting instance_unreachable",
    "connected",
    "stopped",
  ]);
});

it.each<CauseCode>([
  "account_disabled",
  "bad_credentials",
  "sign_in_expired",
  "kicked",
  "replaced",
  "instance_identity_changed",
])("%s needs a person: it stops with that cause, before and after a connection", async (cause) => {
  const refused = machine(cause);
  expect(await stay(refused.client)).toMatchObject({ why: { cause }, noted: [`stopped ${cause}`], pauses: [] });
  const lost = machine({ lost: cause });
  expect(await stay(lost.client)).toMatchObject({ why: { cause }, noted: ["connected", `stopped ${cause}`] });
  expect(lost.tries()).toBe(1);
});
