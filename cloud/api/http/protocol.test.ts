import { request as request1 } from "node:https";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cause, FailureSchema } from "#proto/types/v1/cause_pb.js";
import { startServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Answer {
  status: number;
  code: string;
  cause: string;
  text: string;
}

const json = { "content-type": "application/json" };
const discover = "/sag.client.v1.ClientService/Discover";

/** Sends raw bytes over HTTP/1.1; chunked unless `length` is given. */
function send(
  path: string,
  headers: object,
  body: Buffer | string,
  { method = "POST", length = true } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const size = length ? { "content-length": Buffer.byteLength(body) } : {};
    const options = { method, headers: { ...headers, ...size }, rejectUnauthorized: false, agent: false };
    const call = request1(new URL(path, server.running.url), options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const parsed = JSON.parse(text) as { code: string; details: { value: string }[] };
        const value = Buffer.from(parsed.details[0]?.value ?? "", "base64");
        const failure = fromBinary(FailureSchema, value);
        resolve({ status: response.statusCode ?? 0, code: parsed.code, cause: Cause[failure.cause] ?? "", text });
      });
    });
    call.on("error", reject);
    call.write(body);
    call.end();
  });
}

const large = JSON.stringify({ hello: { version: "1" }, enterpriseCode: "x".repeat(300 * 1024) });

test.each([
  ["a call of another version", "/sag.client.v9.ClientService/Discover", json, "{}", {}, 404, "PROTOCOL_TOO_OLD"],
  ["an unknown call", "/sag.client.v1.ClientService/Nothing", json, "{}", {}, 404, "PROTOCOL_TOO_OLD"],
  ["an unknown path", "/favicon.ico", json, "{}", {}, 404, "NOT_FOUND"],
  ["a large message", discover, json, large, {}, 413, "ANSWER_TOO_LARGE"],
  ["a large message of unknown length", discover, json, large, { length: false }, 429, "ANSWER_TOO_LARGE"],
  ["truncated JSON", discover, json, '{"hello":{"version":', {}, 400, "INVALID_ARGUMENT"],
  ["no JSON", discover, json, "\u0000\u0001", {}, 400, "INVALID_ARGUMENT"],
  [
    "truncated protobuf",
    discover,
    { "content-type": "application/proto" },
    Buffer.from([0x0a, 0x7f, 0x01]),
    {},
    400,
    "INVALID_ARGUMENT",
  ],
  ["another content type", discover, { "content-type": "text/plain" }, "{}", {}, 415, "INVALID_ARGUMENT"],
  ["another method", discover, {}, "", { method: "GET" }, 405, "INVALID_ARGUMENT"],
  [
    "a field out of range",
    discover,
    json,
    '{"hello":{"version":"1"},"enterpriseCode":"toolong"}',
    {},
    400,
    "INVALID_ARGUMENT",
  ],
  ["a missing field", discover, json, "{}", {}, 400, "INVALID_ARGUMENT"],
  [
    "no token",
    "/sag.client.v1.ClientService/Dial",
    json,
    `{"hello":{"version":"1"},"mode":"MODE_PROXY","publicKey":"${"A".repeat(43)}="}`,
    {},
    401,
    "SIGN_IN_EXPIRED",
  ],
] as const)("%s is refused with a cause", async (_name, path, headers, body, more, status, cause) => {
  const answer = await send(path, headers, body, more);
  expect([answer.status, answer.cause]).toEqual([status, cause]);
  expect(answer.text).not.toMatch(/node:internal|node_modules|\.ts:/);
});

test("does not decompress a message beyond the size limit", async () => {
  const { gzipSync } = await import("node:zlib");
  const headers = { ...json, "content-encoding": "gzip" };
  const answer = await send(discover, headers, gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20)));
  expect(answer.cause).toBe("ANSWER_TOO_LARGE");
});

test("the health check needs no token", async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = request1(new URL("/healthz", server.running.url), { rejectUnauthorized: false, agent: false }, (r) => {
      r.resume();
      resolve(r.statusCode);
    });
    call.on("error", reject);
    call.end();
  });
  expect(status).toBe(200);
});
