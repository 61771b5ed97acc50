import { expect, it } from "vitest";
import { refreshAtOnce } from "../harness/refreshing.ts";
import { givenCompany } from "./fixture.ts";

/**
 * App and command line share one sign-in, and neither is signed out by the other's refresh. `npm run soak -- tokens`
 * is the long form.
 */
const company = givenCompany();

it("two shells and a running core refresh at the same time: no call is refused, and no token lost", async () => {
  const { person } = await company.connected();
  const [calls, times] = [4, 22];
  const { given, refused } = await refreshAtOnce(company.site, person, { calls, times });
  expect(refused).toBe(0);
  expect(given).toBeGreaterThanOrEqual(2 * calls + times);
  expect(await person.json<unknown[]>(["devices"])).toHaveLength(1);
  expect((await person.status()).phase).toBe("connected");
  await person.disconnect();
  expect((await person.connect()).phase).toBe("connected");
});
