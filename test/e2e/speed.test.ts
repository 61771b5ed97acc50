import { expect, it } from "vitest";
import { measureStarts } from "../harness/start-times.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true });

/** ms, median of 20 whole processes; and how often Node's own start that is at most, should the machine be busy. */
const limits = { versionMs: [200, 3], statusMs: [300, 6] } as const;

it("sag version and sag status answer as soon as somebody types them, signed in and connected", async () => {
  const { person } = await company.connected();
  const times = await measureStarts(person, 20);
  console.log(times);
  for (const name of ["versionMs", "statusMs"] as const) {
    const [limit, ofNode] = limits[name];
    expect(times[name], name).toBeLessThanOrEqual(Math.max(limit, ofNode * times.nodeMs));
  }
});
