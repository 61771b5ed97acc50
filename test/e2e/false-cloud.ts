import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { formatPin, selfMadeIdentity } from "../../cloud/security/certificate.ts";

export interface FalseCloud {
  /** An enrolment link with the server's own pin, so that clients trust it. */
  link: string;
  close(): void;
}

/** Starts a server that answers every call with the same bytes. */
export const serveFalsely = async (folder: string, body: Buffer): Promise<FalseCloud> => {
  mkdirSync(folder, { recursive: true });
  const identity = await selfMadeIdentity(folder, "127.0.0.1", Date.now());
  const server = createServer({ cert: identity.certificate, key: identity.key }, (request, response) => {
    request.resume();
    response.on("error", () => {});
    response.writeHead(200, { "content-type": request.headers["content-type"] ?? "application/proto" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const pin = formatPin(identity.pins[0] ?? new Uint8Array());
  const query = new URLSearchParams({
    server: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    code: "AB123",
    pin,
  });
  return { link: `sag://enroll?${query}`, close: () => server.close() };
};
