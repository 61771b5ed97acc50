import fc from "fast-check";
import { expect, test } from "vitest";
import type { PhaseWord } from "../../electron/bridge.ts";
import { expecting, patience, settled, shownPhase } from "./expected.ts";

const phases: PhaseWord[] = ["disconnected", "connecting", "connected", "reconnecting", "disconnecting", "failed"];
const phase = fc.constantFrom(...phases);
const target = fc.constantFrom("connecting" as const, "disconnecting" as const);

test("shows the expected phase until the real one changes or the time limit ends", () => {
  fc.assert(
    fc.property(phase, phase, target, fc.nat(10_000), fc.nat(10_000), (from, real, to, at, later) => {
      const expectation = expecting(from, to, at);
      const shown = shownPhase(real, expectation, at + later);
      expect(shown).toBe(real === from && later < patience ? to : real);
      expect(settled(real, expectation)).toBe(real !== from);
    }),
  );
});

test("shows the real phase if none is expected", () => {
  for (const real of phases) expect(shownPhase(real, undefined, 0)).toBe(real);
});
