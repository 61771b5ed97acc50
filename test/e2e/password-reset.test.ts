import { beforeAll, expect, it } from "vitest";
import { passwordReset } from "../../common/causes/table.ts";
import { failureView } from "../../electron/core/causes/failure.ts";
import type { Person, Seen } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/**
 * When an administrator sets a new password, connected users see that reason in the event and on every later use of
 * the sign-in.
 */
const company = givenCompany();
let person: Person;
const resetMessage = failureView("sign_in_expired", { key: passwordReset }).message;

beforeAll(async () => {
  ({ person } = await company.connected());
});

it("the connection ends with the administrator's reset as its reason", async () => {
  expect(resetMessage).toBe("Your administrator set a new password.");
  company.password = `${company.password}2`;
  await company.site.sagctl(["account", "reset-password", userName, "--password-stdin"], company.password);
  await until("the sign-in is over", async () => (await person.status()).cause === "sign_in_expired");
  expect(await person.status()).toMatchObject({ phase: "signed_out", message: resetMessage });
});

it("the next connect, whose Refresh is refused, reports the same until a sign-in with the new password", async () => {
  expect(await person.failure(["connect"])).toMatchObject({ cause: "sign_in_expired", message: resetMessage });
  expect(await person.status()).toMatchObject({ cause: "sign_in_expired", message: resetMessage });
  await person.signIn(company.link, userName, company.password);
  expect((await person.connect()).phase).toBe("connected");
});

it("a person whose sign-in is not saved sees it as well, until the next connection", async () => {
  const guest = company.person();
  const connect = (): Promise<Seen> =>
    guest.json<Seen>(["connect", company.link, "--user", userName, "--password-stdin"], { stdin: company.password });
  expect((await connect()).phase).toBe("connected");
  company.password = `${company.password}3`;
  await company.site.sagctl(["account", "reset-password", userName, "--password-stdin"], company.password);
  await until("the sign-in is over", async () => (await guest.status()).cause === "sign_in_expired");
  const reset = { cause: "sign_in_expired", message: resetMessage };
  expect(await guest.status()).toMatchObject(reset);
  for (const _ of [1, 2]) {
    expect(await guest.failure(["connect"])).toMatchObject(reset);
    expect(await guest.status()).toMatchObject(reset);
  }
  expect((await connect()).phase).toBe("connected");
  await guest.disconnect();
  expect((await guest.failure(["connect"])).message).toContain("No sign-in is saved");
});
