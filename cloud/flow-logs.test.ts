import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { type FlowLog, FlowLog_Netflow } from "#proto/accesspoint/v1/accesspoint_pb.js";
import type { TestAccessPoint } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, makeInstance, signIn } from "./testing/person.ts";

const { server, instance, here } = await startCompany("anna.test");
afterAll(() => server.close());

const ask = <T = { id: string }>(name: string, input: Record<string, unknown>) => server.ask(name, input) as Promise<T>;
const region = "cn-shanghai";

/** The flow log that an access point uses for a session: the last one with the id that the peer has. */
function flowLogAt(point: TestAccessPoint, session: string): FlowLog | undefined {
  const id = point.peers.get(session)?.flowLogId;
  const sent = point.messages.flatMap(({ change }) =>
    change.case === "heartbeat" ? [] : (change.value?.flowLogs ?? []),
  );
  return id === "" ? undefined : sent.findLast((flowLog) => flowLog.id === id);
}

/** Waits until the access point has this flow log for a session; at most 2 s. */
const eventually = (session: string, flowLog: object | undefined) => {
  const expected = flowLog === undefined ? undefined : expect.objectContaining(flowLog);
  return expect.poll(() => flowLogAt(here, session), { timeout: 2_000, interval: 20 }).toEqual(expected);
};

const dial = async (user: string, code = instance.code) => (await signIn(server, code, user)).dial();
const collector = { netflowServerIp: "10.9.9.9", netflowServerPort: 2_055 };

test("a change of a flow log reaches the access points of running sessions within 2 s", async () => {
  const { sessionId } = await dial("anna.test");
  expect(here.peers.get(sessionId)).toMatchObject({ flowLogId: "", instanceId: instance.id });
  const { id } = await ask("flow-log create", { name: "flows", region, ...collector });
  await ask("flow-log use", { flowLog: id, instance: instance.id });
  await eventually(sessionId, {
    id,
    netflow: FlowLog_Netflow.V9,
    collectorAddress: "10.9.9.9",
    collectorPort: 2_055,
    jsonLines: false,
    activeTimeout: expect.objectContaining({ seconds: 300n }),
    inactiveTimeout: expect.objectContaining({ seconds: 15n }),
  });
  const change = { netflowVersion: "V10", netflowServerIp: "fd00::9", activeAging: 60, inactiveAging: 10 };
  await ask("flow-log set", { flowLog: id, change });
  await eventually(sessionId, {
    netflow: FlowLog_Netflow.IPFIX,
    collectorAddress: "fd00::9",
    activeTimeout: expect.objectContaining({ seconds: 60n }),
    inactiveTimeout: expect.objectContaining({ seconds: 10n }),
  });
  const sls = {
    outputType: "all",
    netflowVersion: "V5",
    slsRegion: region,
    projectName: "proj",
    logstoreName: "store",
  };
  await ask("flow-log set", { flowLog: id, change: sls });
  await eventually(sessionId, { netflow: FlowLog_Netflow.V5, jsonLines: true, project: "proj", logstore: "store" });
  await ask("flow-log set", { flowLog: id, change: { outputType: "sls" } });
  await eventually(sessionId, { netflow: FlowLog_Netflow.UNSPECIFIED, collectorAddress: "", jsonLines: true });
  await ask("flow-log stop", { flowLog: id });
  await eventually(sessionId, undefined);
  await ask("flow-log start", { flowLog: id });
  await eventually(sessionId, { id });
  await ask("flow-log unuse", { flowLog: id, instance: instance.id });
  await eventually(sessionId, undefined);
  await ask("flow-log delete", { flowLog: id });
});

test("a flow log is sent once for all peers, in deltas and in snapshots, and only to sessions of its instances", async () => {
  const other = await makeInstance(server, "10.88.0.0/24");
  for (const name of ["bruno.test", "carla.test", "david.test"]) await makeAccount(server, other.id, name);
  const { id } = await ask("flow-log create", { name: "others", region, ...collector });
  await ask("flow-log use", { flowLog: id, instance: other.id });
  const sessions = [await dial("bruno.test", other.code), await dial("carla.test", other.code)];
  const anna = await dial("anna.test");
  for (const { sessionId } of sessions) expect(flowLogAt(here, sessionId)).toMatchObject({ id });
  expect(here.peers.get(anna.sessionId)?.flowLogId).toBe("");

  const before = here.messages.length;
  await ask("flow-log set", { flowLog: id, change: { netflowServerPort: 9_995 } });
  for (const { sessionId } of sessions) await eventually(sessionId, { collectorPort: 9_995 });
  const sent = here.messages
    .slice(before)
    .flatMap(({ change }) => (change.case === "delta" ? change.value.flowLogs : []));
  expect(sent).toHaveLength(1);

  await here.disconnect();
  await here.connect();
  await dial("david.test", other.code);
  for (const { sessionId } of sessions) expect(flowLogAt(here, sessionId)).toMatchObject({ collectorPort: 9_995 });
});

test("what access points report of flow logs is in the metrics and in the list", async () => {
  const { id } = await ask("flow-log create", { name: "reported", region, ...collector });
  await here.reportFlowLogs([{ flowLogId: id, sent: 7n, lost: 2n, skipped: 1n }]);
  const { rows } = await ask<{ rows: object[] }>("flow-log list", { id });
  const records = { sent: 7, lost: 2, skipped: 1, written: 0, unwritten: 0, evicted: 0 };
  expect(rows).toMatchObject([{ id, records }]);
  const metrics = await new Promise<string>((resolve, reject) => {
    const socketPath = join(server.directory, "admin.sock");
    request({ socketPath, path: "/metrics" }, (response) => void text(response).then(resolve, reject))
      .on("error", reject)
      .end();
  });
  for (const [outcome, n] of Object.entries(records)) {
    expect(metrics).toContain(
      `sag_flow_records_total{access_point="${here.id}",flow_log="${id}",outcome="${outcome}"} ${n}\n`,
    );
  }
});
