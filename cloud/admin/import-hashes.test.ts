import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { hashPassword } from "../security/passwords.ts";
import { startServer } from "../testing/server.ts";

// Hashing takes 30 ms a password, so that an import that is refused must not wait for it.
vi.mock("../security/passwords.ts", async (original) => {
  const real = await original<typeof import("../security/passwords.ts")>();
  return { ...real, hashPassword: vi.fn(real.hashPassword) };
});

const server = await startServer();
afterAll(() => server.close());
const instance = (await server.ask("instance order", {
  region: "cn-shanghai",
  userCount: 5,
  dataPlan: 5,
  months: 1,
})) as { id: string };
const hashes = vi.mocked(hashPassword);
beforeEach(() => {
  hashes.mockClear();
});

const rows = (...users: string[]) =>
  users.map((user, i) => ({ line: i + 2, user, mail: "a@b.example", password: "12345678" }));
const imported = (dryRun: boolean, ...users: string[]) =>
  server.ask("account import", { instance: instance.id, dryRun, rows: rows(...users) }) as Promise<
    { result: string }[]
  >;

test.each<[string, boolean, string[]]>([
  ["a dry run", true, ["first.person", "second.person"]],
  ["an invalid name", false, ["first.person", "x"]],
  [
    "more accounts than were bought",
    false,
    ["p.number1", "p.number2", "p.number3", "p.number4", "p.number5", "p.number6"],
  ],
])("%s hashes no password", async (_, dryRun, users) => {
  const results = await imported(dryRun, ...users);
  expect(results.filter(({ result }) => result === "created")).toEqual([]);
  expect(results.some(({ result }) => /refused|would be created/.test(result))).toBe(true);
  expect(hashes).not.toHaveBeenCalled();
});

test("accounts that are there already hash no password, and new ones hash one each", async () => {
  expect(await imported(false, "first.person", "second.person")).toMatchObject([
    { result: "created" },
    { result: "created" },
  ]);
  expect(hashes).toHaveBeenCalledTimes(2);
  hashes.mockClear();
  expect((await imported(false, "First.Person", "third.person"))[0]?.result).toMatch(/^refused: /);
  expect(hashes).not.toHaveBeenCalled();
});
