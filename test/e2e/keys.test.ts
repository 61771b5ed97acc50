import { beforeAll, expect, it } from "vitest";
import { parseAddress } from "../../electron/core/instance/address.ts";
import { InstanceApi } from "../../electron/core/instance/api.ts";
import type { Seen } from "../harness/person.ts";
import { givenCompany } from "./fixture.ts";

/** Post-quantum protection: recorded handshakes must not be decryptable by future computers. */
const company = givenCompany();
let seen: Seen;
beforeAll(async () => {
  const { person } = await company.connected();
  seen = await person.status();
});

it("core's TLS to the cloud negotiated X25519MLKEM768", async () => {
  const { url, pin } = company.site.cloud.ready;
  const pins = [Buffer.from(pin.replace(/^sha256\//, ""), "base64url").toString("hex")];
  const api = await InstanceApi.open(parseAddress(url), { pins });
  expect(api.keyExchange).toBe("X25519MLKEM768");
  api.close();
});

it("sag-tunnel's TLS to the cloud negotiated X25519MLKEM768", () => {
  expect(seen.session?.keyExchange).toBe("X25519MLKEM768");
});

it("the session with the access point uses a pre-shared key", () => {
  expect(seen.session?.presharedKey).toBe(true);
});
