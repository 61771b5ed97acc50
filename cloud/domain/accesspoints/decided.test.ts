import { expect, test } from "vitest";
import { DecidedPackets } from "./decided.ts";

const counts = (...all: [string, number, number][]) =>
  new Map(all.map(([id, packets, bytes]) => [id, { packets, bytes }] as const));

test("counts are cumulative per boot of an access point, and summed up over access points and boots", () => {
  const decided = new DecidedPackets();
  decided.report("ap-1", "boot 1", counts(["acr-1", 5, 500], ["acr-2", 1, 10]), { unclear: { packets: 1, bytes: 9 } });
  decided.report("ap-1", "boot 1", counts(["acr-1", 7, 700]), { access_list: { packets: 2, bytes: 20 } });
  decided.report("ap-2", "boot 9", counts(["acr-1", 100, 1]), {});
  expect(decided.ofRule("acr-1")).toEqual({ packets: 107, bytes: 701 });
  expect(decided.ofRule("acr-2")).toEqual({ packets: 1, bytes: 10 });
  expect(decided.ofRule("acr-3")).toEqual({ packets: 0, bytes: 0 });
  expect(decided.dropsOf("ap-1")).toEqual({ access_list: { packets: 2, bytes: 20 } });
  decided.report("ap-1", "boot 2", counts(["acr-1", 1, 1]), {});
  expect(decided.ofRule("acr-1")).toEqual({ packets: 108, bytes: 702 });
  expect(decided.ofRule("acr-2")).toEqual({ packets: 1, bytes: 10 });
  expect(decided.dropsOf("ap-1")).toEqual({});
  expect([...decided.rules()].sort()).toEqual(["acr-1", "acr-2"]);
});
