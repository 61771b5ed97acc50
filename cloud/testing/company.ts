import { registerAccessPoint, type TestAccessPoint } from "./access-point.ts";
import { makeAccount, makeInstance } from "./person.ts";
import { startServer, type TestServer } from "./server.ts";

/** A server with one instance and one connected access point, which most tests need. */
export interface TestCompany {
  server: TestServer;
  instance: { id: string; code: string };
  here: TestAccessPoint;
}

export async function startCompany(...users: string[]): Promise<TestCompany> {
  const server = await startServer();
  const instance = await makeInstance(server);
  for (const user of users) await makeAccount(server, instance.id, user);
  const here = await registerAccessPoint(server.running.url, server.ask, "here");
  await here.connect();
  return { server, instance, here };
}
