import { describe, expect, it } from "vitest";
import { causeOf, cloud, environment, until } from "../testing/client.ts";
import type { FakeCloud } from "../testing/cloud.ts";
import { createClient } from "./client.ts";

describe("answers of a server", { timeout: 30_000 }, () => {
  const answering = async (handler: FakeCloud["handler"]): Promise<string> => {
    cloud.handler = handler;
    return causeOf(createClient({ environment }).discover(cloud.link));
  };

  it("stops reading after 256 KiB", async () => {
    let sent = 0;
    const cause = await answering((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto" });
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (sent < 10 * 1024 * 1024 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    expect(cause).toBe("answer_too_large");
    await until(() => true);
    expect(sent).toBeLessThan(8 * 1024 * 1024);
  });

  it("refuses an answer that declares a larger size", async () => {
    const cause = await answering((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto", "content-length": 10 << 20 });
      response.write("x");
    });
    expect(cause).toBe("answer_too_large");
  });

  it.each([
    ["truncated", 200, { "content-type": "application/proto", "content-length": "100" }, "\n", true, "answer_invalid"],
    ["garbled", 200, { "content-type": "application/proto" }, "\u0007garbage", false, "answer_invalid"],
    ["empty", 200, { "content-type": "application/proto" }, "", false, "answer_invalid"],
    ["a page", 200, { "content-type": "text/html" }, "<html>", false, "answer_invalid"],
    ["not Connect", 404, { "content-type": "application/json" }, "{}", false, "answer_invalid"],
    [
      "an unknown call",
      404,
      { "content-type": "application/json" },
      '{"code":"unimplemented"}',
      false,
      "protocol_too_old",
    ],
    [
      "overloaded",
      503,
      { "content-type": "application/json" },
      '{"code":"unavailable"}',
      false,
      "instance_unreachable",
    ],
  ])("distinguishes %s", async (_name, status, headers, body, cut, expected) => {
    const cause = await answering((_request, response) => {
      response.writeHead(status, headers);
      if (cut) response.write(body, () => response.destroy());
      else response.end(body);
    });
    expect(cause).toBe(expected);
  });

  it("fails quickly if nothing listens", async () => {
    await cloud.stop();
    const began = performance.now();
    expect(await causeOf(createClient({ environment }).discover(cloud.link))).toBe("instance_unreachable");
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
