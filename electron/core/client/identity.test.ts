import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../testing/certificate.ts";
import { causeOf, certificate, cloud, environment, failureOf, signIn } from "../testing/client.ts";
import { FakeCloud } from "../testing/cloud.ts";
import { useFakeTunnel } from "../testing/tunnel.ts";
import { createClient } from "./client.ts";

describe("verifying the server", { timeout: 30_000 }, () => {
  it("fails on a wrong pin before sending anything", async () => {
    const link = cloud.link.replace(cloud.pin, "0".repeat(64));
    expect(await causeOf(createClient({ environment }).signIn(signIn({ invitation: link })))).toBe(
      "instance_identity_changed",
    );
    expect(cloud.calls).toEqual([]);
  });

  it("refuses a self-signed certificate without a pin, unless the user accepts it", async () => {
    const client = createClient({ environment });
    const invitation = `${cloud.code}@${cloud.host}`;
    const failure = await failureOf(client.signIn(signIn({ invitation })));
    expect([failure.code, failure.details.fingerprint]).toEqual(["instance_identity_unknown", cloud.pin]);
    expect(await causeOf(client.signIn(signIn({ invitation, decideIdentity: async () => false })))).toBe(
      "instance_identity_unknown",
    );
    expect(cloud.calls).toEqual([]);
    const asked: string[] = [];
    await client.signIn(
      signIn({
        invitation,
        decideIdentity: async ({ server, fingerprint }) => {
          asked.push(`${server} ${fingerprint}`);
          return true;
        },
      }),
    );
    expect(asked).toEqual([`${cloud.host} ${cloud.pin}`]);
    // Accepted once, the key is pinned.
    await client.signIn(signIn({ invitation }));
  });

  it("reports that TLS 1.3 is required", async () => {
    const old = createServer({ key: certificate.key, cert: certificate.cert, maxVersion: "TLSv1.2" });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const { port } = old.address() as AddressInfo;
    const failure = await failureOf(createClient({ environment }).discover(`${cloud.code}@127.0.0.1:${port}`));
    expect([failure.code, failure.message]).toEqual([
      "answer_invalid",
      expect.stringContaining("does not support TLS 1.3"),
    ]);
    await new Promise((resolve) => old.close(resolve));
  });

  it("replaces a known key for all accounts on a server if the link has the new key and the user agrees", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    const old = cloud.link;
    await cloud.changeCertificate();
    cloud.calls.length = 0;
    const asked: string[] = [];
    const replaceIdentity = async ({ fingerprint }: { fingerprint: string }) => {
      asked.push(fingerprint);
      return asked.length > 1;
    };
    // A link with another key does not lead to the question.
    expect(await causeOf(client.signIn(signIn({ invitation: old, replaceIdentity })))).toBe(
      "instance_identity_changed",
    );
    expect(await causeOf(client.signIn(signIn({ invitation: `${cloud.code}@${cloud.host}`, replaceIdentity })))).toBe(
      "instance_identity_changed",
    );
    expect([asked, cloud.calls]).toEqual([[], []]);
    expect(await causeOf(client.signIn(signIn({ replaceIdentity })))).toBe("instance_identity_changed");
    expect([asked, cloud.calls]).toEqual([[cloud.pin], []]);
    expect(await client.discover(cloud.link, { replaceIdentity })).toMatchObject({ known: "contoso" });
    await client.signIn(signIn({ replaceIdentity }));
    // Not asked again, because the new key is pinned now.
    await client.signIn(signIn());
    expect(asked).toEqual([cloud.pin, cloud.pin, cloud.pin]);
  });

  it("refuses a changed certificate without the user's consent, even if a new link confirms it", async () => {
    const notices: string[] = [];
    const client = createClient({ environment, onNotice: (text) => notices.push(text) });
    await client.signIn(signIn());
    cloud.calls.length = 0;
    await cloud.changeCertificate();
    expect(await causeOf(client.signIn(signIn({ decideIdentity: async () => true })))).toBe(
      "instance_identity_changed",
    );
    useFakeTunnel(environment);
    environment.advance(3_600_000);
    expect(await causeOf(client.connect())).toBe("instance_identity_changed");
    notices.length = 0;
    await client.signOut(undefined, { forget: true });
    expect(notices).toEqual([
      expect.stringMatching(/^The certificate of \S+ is not the expected one\. The sign-in is/),
    ]);
    expect(cloud.calls).toEqual([]);
    await client.signIn(signIn());
  });

  it("stores the pins that a verified server announces", async () => {
    const client = createClient({ environment });
    const spare = makeCertificate();
    cloud.announced = [cloud.pin, spare.pin];
    await client.signIn(signIn());
    await cloud.stop();
    const port = Number(cloud.host.split(":")[1]);
    const next = new FakeCloud(spare);
    await next.startAt(port);
    try {
      await client.signIn(signIn({ invitation: `${cloud.code}@${cloud.host}` }));
    } finally {
      await next.stop();
    }
  });

  it("negotiates X25519MLKEM768", async () => {
    const { InstanceApi } = await import("../instance/api.ts");
    const { parseAddress } = await import("../instance/address.ts");
    const api = await InstanceApi.open(parseAddress(cloud.host), { pins: [cloud.pin] });
    expect(api.keyExchange).toBe("X25519MLKEM768");
    api.close();
  });
});
