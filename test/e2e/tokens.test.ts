import { expect, it } from "vitest";
import { refreshAtOnce } from "../harness/refreshing.ts";
import { givenCompany } from "./fixture.ts";

/** App and command share one sign-in: nobody is signed out by another's asking. `npm run soak -- tokens` is the long form. */
const company = givenCompany();

it("two shells and a core that runs want a new token at once: nobody is refused, and none is lost", async () => {
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
