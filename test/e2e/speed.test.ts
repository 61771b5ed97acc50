import { expect, it } from "vitest";
import { measureStarts } from "../harness/start-times.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true });

/** ms, median of 20 processes; and the limit as a multiple of Node's own start, for a busy host. */
const limits = { versionMs: [200, 3], statusMs: [300, 6] } as const;

it("sag version and sag status are fast, signed in and connected", async () => {
  const { person } = await company.connected();
  const times = await measureStarts(person, 20);
  console.log(times);
  for (const name of ["versionMs", "statusMs"] as const) {
    const [limit, ofNode] = limits[name];
    expect(times[name], name).toBeLessThanOrEqual(Math.max(limit, ofNode * times.nodeMs));
  }
});
