import { Person } from "../harness/person.ts";
import { Processes } from "../harness/processes.ts";
import { Site, userName } from "../harness/site.ts";
import { measureStarts } from "../harness/start-times.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { type Measured, round } from "./measured.ts";

/** How long the processes `sag version` and `sag status` take, signed in and connected. */
export const cli = async (short: boolean): Promise<Measured> => {
  const workspace = createWorkspace("bench");
  const processes = new Processes(workspace.logs);
  const site = new Site(processes, workspace);
  try {
    await Promise.all([site.startCloud(), site.startIntranet()]);
    const [token] = await Promise.all([site.createToken(1), site.createInstance()]);
    const [password, link] = await Promise.all([site.createAccount(), site.createLink()]);
    await site.startAccessPoint("access-point", { token });
    const person = new Person(workspace.home("anna"));
    await person.signIn(link, userName, password);
    await person.connect();
    const rounds = short ? 20 : 100;
    const { nodeMs, versionMs, statusMs } = await measureStarts(person, rounds);
    return {
      rounds,
      figures: { nodeMs: round(nodeMs), versionMs: round(versionMs), statusMs: round(statusMs) },
      ratios: { versionToNode: round(versionMs / nodeMs), statusToNode: round(statusMs / nodeMs) },
    };
  } finally {
    await endProcessesOf(workspace.dir);
    await processes.stopAll();
    workspace.remove();
  }
};
