import { setTimeout as delay } from "node:timers/promises";
import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import { Person } from "../harness/person.ts";
import { Processes } from "../harness/processes.ts";
import { Site, userName } from "../harness/site.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";

/** s. */
const lease = 20;

/**
 * Keeps a session with a short lease, renewed by sag-tunnel alone, and reports every minute. Throws if it is lost.
 */
export const session = async (minutes: number): Promise<void> => {
  await Promise.all([buildBundles(), buildNative()]);
  const workspace = createWorkspace("soak");
  const processes = new Processes(workspace.logs);
  const site = new Site(processes, workspace);
  try {
    await Promise.all([site.startCloud(), site.startIntranet()]);
    const [token] = await Promise.all([site.createToken(1), site.createInstance()]);
    await site.sagctl(["policy", "set", "--lease", `${lease}s`]);
    const [password, link] = await Promise.all([site.createAccount(), site.createLink()]);
    await site.startAccessPoint("access-point", { token });
    const person = new Person(workspace.home("anna"));
    await person.signIn(link, userName, password);
    const { clientIp, pid } = await person.connect();
    for (let minute = 1; minute <= minutes; minute++) {
      await delay(60_000);
      const seen = await person.status();
      const renewals = seen.session?.renewals ?? 0;
      const page = await fetchBySocks(`${seen.socks}`, portalUrl);
      console.log(`${minute} min: ${seen.phase}, ${seen.clientIp}, ${renewals} renewals, portal ${page.status}`);
      // Renewals happen at half the lease; one may be in progress.
      const expected = Math.floor((minute * 60) / (lease / 2)) - 1;
      const whole =
        seen.phase === "connected" && seen.clientIp === clientIp && seen.pid === pid && page.text.includes(portalText);
      if (!whole || renewals < expected) throw new Error(`the session did not last: ${JSON.stringify(seen)}`);
    }
  } finally {
    await endProcessesOf(workspace.dir);
    await processes.stopAll();
    workspace.remove();
  }
};
