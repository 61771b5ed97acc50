import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";
import { Person } from "../harness/person.ts";
import { Processes } from "../harness/processes.ts";
import { refreshAtOnce } from "../harness/refreshing.ts";
import { Site, userName } from "../harness/site.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";

/** Two shells and a core refresh 100 times each, concurrently. Throws if any call is refused. */
export const tokens = async (): Promise<void> => {
  await Promise.all([buildBundles(), buildNative()]);
  const workspace = createWorkspace("soak");
  const processes = new Processes(workspace.logs);
  const site = new Site(processes, workspace);
  try {
    await site.startCloud();
    await site.createInstance();
    const [password, link] = await Promise.all([site.createAccount(), site.createLink()]);
    const person = new Person(workspace.home("anna"));
    await person.signIn(link, userName, password);
    const { given, refused } = await refreshAtOnce(site, person, { calls: 100, times: 100 });
    console.log(`${given} tokens given, ${refused} refusals`);
    if (refused > 0 || given < 300) throw new Error("a token was lost");
    await person.json(["devices"]);
  } finally {
    await endProcessesOf(workspace.dir);
    await processes.stopAll();
    workspace.remove();
  }
};
