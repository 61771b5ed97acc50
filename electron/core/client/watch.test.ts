import { describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { causeOf, cloud, environment, signIn, until } from "../testing/client.ts";
import { useFakeTunnel } from "../testing/tunnel.ts";
import { type ClientEvent, createClient } from "./client.ts";

describe("watch", { timeout: 30_000 }, () => {
  it("sends a snapshot, then the changes made by any process", async () => {
    const tunnels = useFakeTunnel(environment);
    const events: ClientEvent[] = [];
    const watching = createClient({ environment }).watch((event) => events.push(event));
    const last = (): string => {
      const event = events.at(-1);
      return event?.kind === "changed" ? event.state.phase : (event?.kind ?? "");
    };
    await until(() => last() === "snapshot");
    // A second client stands for another process.
    const client = createClient({ environment });
    await client.signIn(signIn());
    await until(() => last() === "disconnected");
    await client.connect();
    await until(() => last() === "connected");
    tunnels.kill();
    await until(() => last() === "failed");
    await client.connect();
    await until(() => last() === "connected");
    watching.setAttentive(true);
    await client.disconnect();
    await until(() => last() === "disconnected");
    await client.signOut(undefined, { forget: true });
    await until(() => last() === "removed");
    watching.close();
  });

  it("tells every program that a sign-in has resolved an earlier failure", async () => {
    useFakeTunnel(environment, { outcome: "ends" });
    const watched = (client: ReturnType<typeof createClient>) => {
      let seen = "";
      const watching = client.watch((event) => {
        const state = event.kind === "changed" ? event.state : event.kind === "snapshot" ? event.states[0] : undefined;
        if (state) seen = `${state.phase} ${state.cause?.cause ?? ""}`.trim();
      });
      return { seen: () => seen, close: () => watching.close() };
    };
    const app = createClient({ environment });
    const shell = createClient({ environment });
    await app.signIn(signIn());
    const both = [watched(app), watched(shell)];
    await app.connect();
    await until(() => both.every((one) => one.seen() === "signed_out sign_in_expired"));
    // The app's own attempt fails as well, which is newer for the other program, too.
    cloud.refusal = { cause: Cause.ACCOUNT_DISABLED };
    expect(await causeOf(app.connect())).toBe("account_disabled");
    cloud.refusal = undefined;
    await until(() => both.every((one) => one.seen() === "failed account_disabled"));
    expect(await createClient({ environment }).states()).toMatchObject([{ cause: { cause: "account_disabled" } }]);
    expect(await shell.signIn(signIn())).toMatchObject({ phase: "disconnected", cause: null });
    await until(() => both.every((one) => one.seen() === "disconnected"));
    expect(await app.states()).toMatchObject([{ phase: "disconnected", cause: null }]);
    expect(await createClient({ environment }).states()).toMatchObject([{ phase: "disconnected", cause: null }]);
    // Later failures are shown again.
    await app.connect();
    await until(() => both.every((one) => one.seen() === "signed_out sign_in_expired"));
    await app.disconnect();
    for (const one of both) one.close();
  });

  it("starts with the tunnels that are already up", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    await client.connect();
    const snapshot = await new Promise<ClientEvent>((resolve) => createClient({ environment }).watch(resolve));
    expect(snapshot).toMatchObject({ kind: "snapshot", states: [{ phase: "connected" }] });
    await client.disconnect();
  });
});
