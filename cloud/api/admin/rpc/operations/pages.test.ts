import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ask, makeKey, openApi } from "../../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../../testing/server.ts";

let server: TestServer;
let ask: Ask;
let other: Ask;
const RegionId = "cn-shanghai";
beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
  other = openApi(server, await makeKey(server));
});
afterAll(() => server.close());

const create = (Name: string) => ask("CreateACL", { RegionId, Name });
const read = async (by: Ask, page: number): Promise<string[]> => {
  const { Acls } = await by("DescribeACLs", { RegionId, PageNumber: page, PageSize: 3 });
  return (Acls as { Acl: { Name: string }[] }).Acl.map(({ Name }) => Name);
};
const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `list-${from + i}`);

test("paging returns every existing row once while rows are added and deleted", async () => {
  const ids = new Map<string, string>();
  for (const name of names(1, 9)) ids.set(name, String((await create(name)).AclId));
  const remove = (name: string) => ask("DeleteACL", { RegionId, AclId: ids.get(name) });

  expect(await read(ask, 1)).toEqual(names(1, 3));
  await remove("list-1");
  await remove("list-3");
  await create("list-10");
  expect(await read(ask, 2)).toEqual(names(4, 6));
  await remove("list-5");
  expect(await read(ask, 3)).toEqual(names(7, 9));
  expect(await read(ask, 4)).toEqual(["list-10"]);

  // A new listing, or another caller, pages over the current rows.
  expect(await read(other, 2)).toEqual(["list-7", "list-8", "list-9"]);
  expect(await read(ask, 1)).toEqual(["list-2", "list-4", "list-6"]);
  expect(await read(ask, 2)).toEqual(["list-7", "list-8", "list-9"]);
  const { TotalCount } = await ask("DescribeACLs", { RegionId, PageNumber: 2, PageSize: 3 });
  expect(TotalCount).toBe(7);
});
