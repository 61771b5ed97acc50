import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Secret } from "../credentials/secret.ts";
import { causeOf, cloud, contentOf, environment, signIn } from "../testing/client.ts";
import { createClient } from "./client.ts";

describe("sign-in", { timeout: 30_000 }, () => {
  it("stores the intranet and the tokens, but no password or code", async () => {
    const client = createClient({ environment });
    const state = await client.signIn(signIn());
    expect(state).toMatchObject({
      intranet: "contoso",
      phase: "disconnected",
      server: cloud.host,
      userName: cloud.user,
    });
    expect(await client.intranets()).toMatchObject([{ enterpriseCode: "AB12C", store: "file", signedIn: true }]);
    const kept = join(environment.stateDir, "credentials", `${state.intranetId}.json`);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(contentOf(environment.configDir) + contentOf(environment.stateDir)).not.toContain(cloud.password);
    // Signing in again keeps the intranet.
    expect((await client.signIn(signIn())).intranetId).toBe(state.intranetId);
    expect(await client.intranets()).toHaveLength(1);
  });

  it("distinguishes a wrong password, an unknown code and a code without a server", async () => {
    const client = createClient({ environment });
    expect(await causeOf(client.signIn(signIn({ password: new Secret("nope") })))).toBe("bad_credentials");
    const other = cloud.link.replace(cloud.code, "ZZZZZ");
    expect(await causeOf(client.discover(other))).toBe("unknown_code");
    expect(await causeOf(client.discover("AB12C"))).toBe("invalid_argument");
    await client.signIn(signIn());
    expect(await client.discover("ab12c")).toMatchObject({
      displayName: "Contoso",
      known: "contoso",
      identity: { by: "pin" },
    });
  });

  it("refuses a name in use and a missing store before sending the password", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn({ intranet: "work" }));
    writeFileSync(join(environment.stateDir, "credentials-blocked"), "");
    const blocked = { ...environment, stateDir: join(environment.stateDir, "credentials-blocked") };
    cloud.calls.length = 0;
    expect(await causeOf(createClient({ environment: blocked }).signIn(signIn()))).not.toBe("bad_credentials");
    expect(cloud.calls).toEqual([]);
  });

  it("reports a wrong password before a missing store, and revokes a sign-in that cannot be stored", async () => {
    // A file in the place of the credentials directory.
    mkdirSync(environment.stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(environment.stateDir, "credentials"), "");
    const client = createClient({ environment });
    expect(await causeOf(client.signIn(signIn({ password: new Secret("nope") })))).toBe("bad_credentials");
    cloud.calls.length = 0;
    expect(["not_permitted", "storage_readonly"]).toContain(await causeOf(client.signIn(signIn())));
    expect(cloud.calls).toEqual(["signIn", "signOut"]);
    // Not sent, because the code would be used up.
    cloud.calls.length = 0;
    expect(["not_permitted", "storage_readonly"]).toContain(
      await causeOf(client.signIn(signIn({ otp: new Secret("123456") }))),
    );
    expect(cloud.calls).toEqual([]);
    expect(await client.intranets()).toEqual([]);
  });

  it("refuses invalid names", async () => {
    const client = createClient({ environment });
    expect(await causeOf(client.signIn(signIn({ intranet: "../x" })))).toBe("invalid_argument");
  });
});
