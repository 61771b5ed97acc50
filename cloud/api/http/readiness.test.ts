import { expect, test } from "vitest";
import { startTestDomain } from "../../testing/domain.ts";
import { readiness } from "./readiness.ts";

test("the result of a check is kept for a second, and each change is logged once", async () => {
  const domain = await startTestDomain();
  const { clock, directory } = domain;
  try {
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    let checks = 0;
    let end = clock.now() + 1_000_000;
    const certificateEnd = () => {
      checks++;
      return end;
    };
    const stopping = new AbortController();
    const context = { ...domain.context, log };
    const notReady = readiness({ context, stopping: stopping.signal, certificateEnd, data: directory });
    expect(await Promise.all([notReady(), notReady(), notReady()])).toEqual([undefined, undefined, undefined]);
    end = clock.now();
    expect([await notReady(), checks]).toEqual([undefined, 1]);
    clock.advance(1_000);
    expect([(await notReady())?.key, (await notReady())?.key, checks]).toEqual([
      "cloud.not_ready_certificate",
      "cloud.not_ready_certificate",
      2,
    ]);
    clock.advance(1_000);
    await notReady();
    end = clock.now() + 1_000_000;
    clock.advance(1_000);
    expect(await notReady()).toBeUndefined();
    stopping.abort();
    expect((await notReady())?.key).toBe("cloud.not_ready_stopping");
    expect(lines).toEqual([
      ["warn", "not ready", { reason: "The certificate has expired." }],
      ["info", "ready again"],
      ["warn", "not ready", { reason: "The server is stopping." }],
    ]);
  } finally {
    await domain.close();
  }
});
