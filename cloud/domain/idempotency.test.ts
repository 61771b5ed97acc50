import { afterAll, expect, test } from "vitest";
import { query, sql } from "../store/kysely.ts";
import { startTestDomain } from "../testing/domain.ts";
import { administration } from "./administration.ts";
import { answerOnce } from "./idempotency.ts";

const domain = await startTestDomain();
const { context, clock } = domain;
afterAll(() => domain.close());

let runs = 0;
const by = administration(context, { actor: "sagctl", action: "CreateThing", nonce: undefined });
const asked = (token: string, parameters = { Name: "thing" }) => ({
  tenantId: "tnt-1",
  action: "CreateThing",
  token,
  parameters,
});
/** Creates a thing; `after` runs between the commit and the answer. */
const once = (token: string, after: () => void = () => {}, parameters = { Name: "thing" }) =>
  answerOnce(by, asked(token, parameters), async (change) => {
    const made = await change(async ({ audit }) => {
      await audit(`thing of ${token}`, null, {});
      return { secret: "only-this-once", run: ++runs };
    });
    after();
    return { ...made };
  });
const madeOf = async (token: string) =>
  (await query(context.store).selectFrom("audit").select("id").where("target", "=", `thing of ${token}`).execute())
    .length;

test("returns the first answer to a repeated request, and stores it encrypted", async () => {
  const first = await once("a");
  expect(await once("a")).toEqual(first);
  expect(await once("b")).not.toEqual(first);
  expect(JSON.stringify(await query(context.store).selectFrom("client_token").selectAll().execute())).not.toContain(
    "only-this",
  );
  clock.advance(25 * 3_600_000);
  expect(await once("a")).not.toEqual(first);
});

test("runs two parallel requests with one token once, in whichever process the first one runs", async () => {
  for (let n = 1; ; n++) {
    const before = runs;
    const answers: unknown[] = [];
    const paused = await domain.pausedAt(n, async () => {
      answers.push(await once(`race-${n}`));
    });
    const second = once(`race-${n}`);
    await expect(once(`race-${n}`, undefined, { Name: "other" })).rejects.toMatchObject({
      published: "IdempotentParameterMismatch",
    });
    await paused.finish();
    answers.push(await second);
    expect(runs - before, `access ${n}`).toBe(1);
    expect(answers[0]).toEqual(answers[1]);
    if (!paused.reached) return;
  }
});

test("refuses a token with other parameters; tokens of other actions and tenants are separate", async () => {
  const first = await once("p");
  const mismatch = { published: "IdempotentParameterMismatch", code: "invalid_argument" };
  await expect(once("p", undefined, { Name: "other" })).rejects.toMatchObject(mismatch);
  expect(await once("p")).toEqual(first);
  for (const more of [{ tenantId: "tnt-2" }, { action: "CreateOther" }]) {
    const answer = await answerOnce(by, { ...asked("p", { Name: "other" }), ...more }, async () => ({ own: true }));
    expect(answer).toEqual({ own: true });
  }
});

test("a process that ends between commit and answer has made the change once", async () => {
  const dies = () => {
    throw new Error("the process ends here");
  };
  await expect(once("k", dies)).rejects.toThrow("ends here");
  expect(await madeOf("k")).toBe(1);
  expect(await once("k")).toMatchObject({ secret: "only-this-once", run: runs });
  expect(await madeOf("k")).toBe(1);
});

test("a failed request can be repeated; one whose result cannot be stored is rolled back", async () => {
  await expect(answerOnce(by, asked("f"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await once("f")).toMatchObject({ secret: "only-this-once" });
  const full = sql`create trigger full before insert on client_token begin select raise(abort, 'no room'); end`;
  await full.execute(query(context.store));
  await expect(once("g")).rejects.toThrow("no room");
  expect(await madeOf("g")).toBe(0);
  const { mint } = context;
  expect(mint.open("nonsense")).toBeUndefined();
  expect(mint.open(mint.seal("words"))).toBe("words");
  expect(mint.open(`${mint.seal("words").slice(0, -4)}AAAA`)).toBeUndefined();
});
