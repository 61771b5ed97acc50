import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { makeCertificate } from "../../cloud/security/x509.ts";
import { freePort } from "../harness/net/free-port.ts";
import { Person } from "../harness/person.ts";
import { Processes } from "../harness/processes.ts";
import { type AccessPointReady, type CloudReady, Site, userName } from "../harness/site.ts";
import { createWorkspace } from "../harness/workspace.ts";

/**
 * A server whose certificate's authority the hosts trust, set as users do: NODE_EXTRA_CA_CERTS, and SSL_CERT_FILE for
 * Go.
 */
const workspace = createWorkspace("identity");
const processes = new Processes(workspace.logs);
const site = new Site(processes, workspace);
const authorityFile = join(workspace.dir, "authority.pem");
const certificate = join(workspace.dir, "fullchain.pem");
const keyFile = join(workspace.dir, "privkey.pem");
const trusting = { NODE_EXTRA_CA_CERTS: authorityFile, SSL_CERT_FILE: authorityFile };

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const times = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 86_400_000 };
const authorityKey = newKey();

function renew(key: KeyObject): void {
  const issuer = { name: "Test authority", key: authorityKey };
  const files: [string, string][] = [
    [certificate, makeCertificate({ subject: "localhost", key, issuer, names: ["localhost"], ...times })],
    [keyFile, key.export({ type: "pkcs8", format: "pem" }).toString()],
  ];
  for (const [file, text] of files) {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

let url = "";
let password = "";
beforeAll(async () => {
  writeFileSync(authorityFile, makeCertificate({ subject: "Test authority", key: authorityKey, ...times }));
  renew(newKey());
  const port = await freePort();
  url = `https://localhost:${port}`;
  const tls = ["--tls-cert", certificate, "--tls-key", keyFile, "--public-url", url];
  site.cloud = await processes.start<CloudReady>({
    name: "sag-cloud",
    command: [at("bin/sag-cloud"), "serve", "--data", site.data, "--listen", `127.0.0.1:${port}`, "--json", ...tls],
    env: { ...process.env, ...trusting },
  });
  await site.createInstance();
  password = await site.createAccount();
  const state = join(workspace.dir, "point");
  await processes.start<AccessPointReady>({
    name: "point",
    command: [
      at("bin/sag-access-point"),
      "run",
      "--cloud",
      url,
      "--token-stdin",
      "--state",
      state,
      "--listen",
      "127.0.0.1:0",
      "--json",
    ],
    env: { ...process.env, ...trusting },
    stdin: `${await site.createToken(1)}\n`,
  });
});
afterAll(async () => {
  await processes.stopAll();
  workspace.remove();
});

const person = (name: string, env: object = {}) => new Person({ ...workspace.home(name), ...env });
const signIn = (link: string, ...more: string[]) =>
  ["sign-in", link, "--user", userName, "--password-stdin", "--store", "file", ...more] as const;

it("a certificate renewed with another key affects no one whose link had no pin; for the others a new link helps", async () => {
  const link = await site.createLink();
  expect(link).not.toContain("pin=");
  const vouched = person("vouched", trusting);
  expect(await vouched.json([...signIn(link)], { stdin: password })).toMatchObject({ phase: "disconnected" });
  expect(await vouched.connect()).toMatchObject({ phase: "connected" });
  await vouched.sag(["disconnect"]);
  const stranger = await person("stranger").failure([...signIn(link)], { stdin: password });
  expect(stranger).toMatchObject({ cause: "instance_identity_unknown" });

  const { link: pinned } = await site.sagctl<{ link: string }>(["link", "create", "--pins"]);
  const careful = person("careful");
  await careful.json([...signIn(pinned)], { stdin: password });

  renew(newKey());
  process.kill(site.cloud.pid, "SIGHUP");
  const { link: again } = await site.sagctl<{ link: string }>(["link", "create", "--pins"]);
  expect(again).not.toBe(pinned);
  expect(await vouched.connect()).toMatchObject({ phase: "connected" });
  await vouched.sag(["disconnect"]);

  expect(await careful.failure(["connect"])).toMatchObject({ cause: "instance_identity_changed", code: 31 });
  // Neither with the old link, nor with a new one without --replace-identity.
  for (const args of [signIn(pinned, "--replace-identity"), signIn(again)]) {
    expect(await careful.failure([...args], { stdin: password })).toMatchObject({ cause: "instance_identity_changed" });
  }
  await careful.json([...signIn(again, "--replace-identity")], { stdin: password });
  expect(await careful.connect()).toMatchObject({ phase: "connected" });
  await careful.sag(["disconnect"]);
});
