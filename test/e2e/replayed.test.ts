import { afterAll, beforeAll, expect, it } from "vitest";
import { type RawAnswer, type RawCall, rawClient } from "../../cloud/testing/raw.ts";
import { Processes } from "../harness/processes.ts";
import { Site } from "../harness/site.ts";
import { createWorkspace } from "../harness/workspace.ts";

/** Whether sag-cloud still recognises repeated signed requests after it was killed. */
const workspace = createWorkspace("replayed");
const processes = new Processes(workspace.logs);
const site = new Site(processes, workspace);
const RegionId = "cn-shanghai";
let key: { id: string; secret: string };

beforeAll(async () => {
  await site.startCloud();
  const made = await site.sagctl<{ accessKeyId: string; accessKeySecret: string }>([
    "access-key",
    "create",
    "--role",
    "administrator",
  ]);
  key = { id: made.accessKeyId, secret: made.accessKeySecret };
});
afterAll(async () => {
  await processes.stopAll();
  workspace.remove();
});

async function ask(call: RawCall): Promise<RawAnswer> {
  const client = rawClient(
    { running: { url: site.cloud.ready.url }, directory: site.data, clock: { now: () => Date.now() } },
    key,
  );
  try {
    return await client.ask(call);
  } finally {
    client.close();
  }
}

/** Kills the server right after an answer, as a power failure would, and restarts it at the same address. */
async function killed(): Promise<void> {
  const { host } = new URL(site.cloud.ready.url);
  await site.cloud.kill();
  await site.startCloud(host);
}

const at = Date.now();
const acl = (nonce: string, Name: string): RawCall => ({
  action: "CreateACL",
  fields: { RegionId, Name },
  nonce,
  // The request is identical, including date and signature.
  at,
});
const named = async (Name: string) =>
  (await ask({ action: "DescribeACLs", fields: { RegionId, Name } })).body.TotalCount;

it.each([1, 2, 3])("a change that was answered is not carried out again after kill -9, round %d", async (round) => {
  const once = acl(`answered-${round}`, `made once ${round}`);
  expect(await ask(once)).toMatchObject({ status: 200 });
  await killed();
  expect(await ask(once)).toMatchObject({ status: 400, code: "SignatureNonceUsed" });
  expect(await named(`made once ${round}`)).toBe(1);
});

it("a change that was refused is not carried out after kill -9, even if it would now be possible", async () => {
  await site.sagctl(["quota", "set", "acls-per-account", "3"]);
  const beyond = acl("refused", "one too many");
  expect(await ask(beyond)).toMatchObject({ code: "AclAmountLimit" });
  await site.sagctl(["quota", "set", "acls-per-account", "10"]);
  await killed();
  expect(await ask(beyond)).toMatchObject({ status: 400, code: "SignatureNonceUsed" });
  expect(await named("one too many")).toBe(0);
});

it("a change interrupted by kill -9 is carried out at most once", async () => {
  for (let round = 0; round < 5; round++) {
    const call = acl(`cut-off-${round}`, `cut off ${round}`);
    const answer = ask(call).then(
      ({ status }) => status,
      () => undefined,
    );
    await killed();
    const first = await answer;
    const again = await ask(call);
    // Without an answer the outcome is unknown, and the second request reports that.
    if (first === 200) expect(again.code).toBe("SignatureNonceUsed");
    else expect([again.status, again.code]).toEqual(again.status === 200 ? [200, ""] : [400, "SignatureNonceUsed"]);
    expect(await named(`cut off ${round}`)).toBe(1);
  }
});
