import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChainFacts, type ChainNetwork, chain } from "./chain.ts";

const network = (more: Partial<ChainNetwork> = {}): ChainNetwork => ({
  id: "vpc-1",
  name: "servers",
  region: "cn-shanghai",
  cidrs: ["10.0.0.0/16"],
  cenId: "cen-1",
  reachable: true,
  denied: false,
  home: false,
  ...more,
});
const ccn = { id: "ccn-1", name: "office", region: "cn-beijing", granted: true };
const cen = { id: "cen-1", name: "backbone", granted: true };
const whole: ChainFacts = {
  instance: { id: "sag-1", name: "Contoso", region: "cn-shanghai" },
  ccn,
  cen,
  joinedAreas: [],
  networks: [network()],
};

const table: [string, Partial<ChainFacts>, (string | null)[], string[]][] = [
  ["no network at all", { networks: [] }, [null, null, null, "no_routes"], []],
  ["all of it", {}, [null, null, null, null], ["10.0.0.0/16"]],
  ["no CCN", { ccn: null, cen: null }, [null, "ccn_not_bound", "ccn_not_attached_to_cen", null], []],
  [
    "a CCN of another account without its grant",
    { ccn: { ...ccn, granted: false } },
    [null, "grant_missing", null, null],
    [],
  ],
  [
    "a CCN of another area",
    { ccn: { ...ccn, region: "eu-west-1" } },
    [null, "area_needs_bandwidth", null, "area_needs_bandwidth"],
    [],
  ],
  ["no CEN", { cen: null }, [null, null, "ccn_not_attached_to_cen", null], []],
  [
    "a CEN of another account without its grant",
    { cen: { ...cen, granted: false } },
    [null, null, "grant_missing", null],
    [],
  ],
  [
    "a network that is attached nowhere",
    { networks: [network({ cenId: null })] },
    [null, null, null, "cloud_network_not_attached"],
    [],
  ],
  [
    "a network of another CEN",
    { networks: [network({ cenId: "cen-2" })] },
    [null, null, null, "cloud_network_not_attached"],
    [],
  ],
  [
    "a network abroad",
    { networks: [network({ region: "us-east-1" })] },
    [null, null, null, "area_needs_bandwidth"],
    [],
  ],
  [
    "a network abroad, joined",
    { networks: [network({ region: "us-east-1" })], joinedAreas: [["North-America", "China"]] },
    [null, null, null, null],
    ["10.0.0.0/16"],
  ],
  [
    "a network that is denied",
    { networks: [network({ denied: true, cidrs: [] })] },
    [null, null, null, "acl_denies"],
    [],
  ],
  [
    "a network that nobody reaches",
    { networks: [network({ reachable: false })] },
    [null, null, null, "cloud_network_unreachable"],
    [],
  ],
  [
    "home, from a CCN that leads nowhere",
    { ccn: null, cen: null, networks: [network({ home: true })] },
    [null, "ccn_not_bound", "ccn_not_attached_to_cen", null],
    ["10.0.0.0/16"],
  ],
];
for (const [what, change, codes, routes] of table) {
  test(what, () => {
    const { hops, routes: carried } = chain({ ...whole, ...change });
    expect(hops.map((hop) => hop.missing?.code ?? null)).toEqual(codes);
    expect(carried).toEqual(routes);
  });
}

const region = fc.constantFrom("cn-shanghai", "cn-beijing", "eu-west-1", "us-east-1", "ap-southeast-1", "nowhere");
const cidr = fc.nat(255).map((n) => `10.${n}.0.0/16`);
const networks = fc.uniqueArray(
  fc.record({
    id: fc.nat(50).map((n) => `vpc-${n}`),
    name: fc.string(),
    region,
    cidrs: fc.array(cidr, { maxLength: 4 }),
    cenId: fc.constantFrom(null, "cen-1", "cen-2"),
    reachable: fc.boolean(),
    denied: fc.boolean(),
    home: fc.boolean(),
  }),
  { selector: (n) => n.id, maxLength: 6 },
);
const areas = fc.constantFrom("China", "Europe", "North-America", "Asia-Pacific") as fc.Arbitrary<"China">;
const facts: fc.Arbitrary<ChainFacts> = fc.record({
  instance: fc.record({ id: fc.constant("sag-1"), name: fc.string(), region }),
  ccn: fc.option(fc.record({ id: fc.constant("ccn-1"), name: fc.string(), region, granted: fc.boolean() })),
  cen: fc.option(fc.record({ id: fc.constant("cen-1"), name: fc.string(), granted: fc.boolean() })),
  joinedAreas: fc.array(fc.tuple(areas, areas), { maxLength: 3 }),
  networks,
});

test("carries a route exactly if every hop before it has no problem", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const { hops, routes } = chain(given);
      expect(hops.map((hop) => hop.kind)).toEqual([
        "instance",
        "ccn",
        "cen",
        ...(given.networks.length > 0 ? given.networks.map(() => "cloud_network") : ["cloud_network"]),
      ]);
      expect(hops.some((hop) => hop.missing?.code === "no_routes")).toBe(given.networks.length === 0);
      const upstream = hops.slice(0, 3).every((hop) => hop.missing === null);
      const expected = given.networks.filter((n, i) => hops[i + 3]?.missing === null && (upstream || n.home));
      expect(routes).toEqual([...new Set(expected.flatMap((n) => n.cidrs))]);
      for (const hop of hops) if (hop.missing) expect(hop.missing.said.text).toMatch(/\.$/);
    }),
  );
});

test("fixing one hop does not break another", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const mended = { ...given, networks: given.networks.map((n) => ({ ...n, reachable: true, denied: false })) };
      const before = new Set(chain(given).routes);
      const after = new Set(chain(mended).routes);
      for (const route of before) expect(after.has(route)).toBe(true);
    }),
  );
});
