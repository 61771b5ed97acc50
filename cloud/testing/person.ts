import { randomBytes } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import { Cause, type Failure, FailureSchema } from "#proto/types/v1/cause_pb.js";
import { Mode } from "#proto/types/v1/state_pb.js";
import { hello } from "./access-point.ts";
import { clientsOf, type TestServer } from "./server.ts";

export const password = "correct-horse";

/** 32 random bytes in place of a WireGuard key. */
export const newKey = (): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(32));

export const newDevice = (name = "laptop") => ({ id: randomBytes(16).toString("hex"), name, platform: "linux" });

/** Creates an instance; returns its id and code. */
export async function makeInstance(server: TestServer, cidr = "10.86.0.0/24") {
  const made = (await server.ask("instance create", { name: `At ${cidr}`, cidrs: [cidr] })) as Record<string, string>;
  return { id: made.id ?? "", code: made.enterpriseCode ?? "" };
}

export async function makeAccount(server: TestServer, instance: string, user: string, more: object = {}) {
  const values = { instance, user, mail: "somebody@example.com", password, mustChange: false, ...more };
  return (await server.ask("account create", values)) as { id: string };
}

/** Signs in and returns the device's clients. */
export async function signIn(
  server: TestServer,
  code: string,
  userName: string,
  device = newDevice(),
  secret = password,
) {
  const { url } = server.running;
  const request = { hello, enterpriseCode: code, userName, password: secret, device };
  const { signedIn } = await clientsOf(url).client.signIn(request);
  const tokens = { access: signedIn?.tokens?.accessToken ?? "", refresh: signedIn?.tokens?.refreshToken ?? "" };
  const { client } = clientsOf(url, tokens.access);
  return {
    device,
    tokens,
    signedIn,
    refresh: () => clientsOf(url).client.refresh({ hello, refreshToken: tokens.refresh, deviceId: device.id }),
    async dial(publicKey = newKey(), accessPointId = "") {
      const { session } = await client.dial({ hello, publicKey, mode: Mode.PROXY, accessPointId });
      if (!session) throw new Error("Dial answered without a session");
      return { ...session, api: clientsOf(url, session.sessionToken).session };
    },
  };
}

/** The failure of a refused call, with its cause code in lower case. */
export async function refusal(call: Promise<unknown>): Promise<Failure & { word: string }> {
  try {
    await call;
  } catch (error) {
    const failure = ConnectError.from(error).findDetails(FailureSchema)[0];
    if (!failure) throw error;
    return { ...failure, word: (Cause[failure.cause] ?? "").toLowerCase() };
  }
  throw new Error("the call was not refused");
}
