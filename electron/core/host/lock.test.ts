import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { withLock } from "./lock.ts";

let environment: TestEnvironment;
beforeEach(() => {
  environment = testEnvironment();
});
afterEach(() => environment.remove());

describe("lock", { timeout: 30_000 }, () => {
  it("admits one holder at a time", async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 40 }, () =>
        withLock(environment, "x", async () => {
          inside += 1;
          most = Math.max(most, inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
  });

  it("leaves one file behind, however often it was taken", async () => {
    for (let i = 0; i < 20; i += 1) await withLock(environment, "x", async () => undefined);
    expect(readdirSync(environment.runtimeDir)).toEqual(["x.lock.20"]);
  });

  it("is released when the work fails, and separate for each name", async () => {
    await expect(withLock(environment, "x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    const both = withLock(environment, "x", () => withLock(environment, "y", async () => "both"));
    expect(await both).toBe("both");
  });

  it("survives kill -9 of the holder and of waiting processes", async () => {
    const counter = join(dirname(environment.runtimeDir), "counter");
    writeFileSync(counter, "0");
    const holder = run(environment.runtimeDir, counter, "hold");
    await new Promise<void>((resolve) => holder.stdout?.once("data", () => resolve()));
    const processes = Array.from({ length: 5 }, () => run(environment.runtimeDir, counter, "count"));
    holder.kill("SIGKILL");
    await Promise.all(processes.map((one) => new Promise((resolve) => one.on("exit", resolve))));
    expect(readFileSync(counter, "utf8")).toBe("50");
  });
});

/** A process that keeps the lock forever, or increments the counter ten times. */
function run(runtimeDir: string, counter: string, what: "hold" | "count") {
  const lock = fileURLToPath(new URL("./lock.ts", import.meta.url));
  const program = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { withLock } from ${JSON.stringify(lock)};
    const environment = { runtimeDir: ${JSON.stringify(runtimeDir)}, uid: process.getuid() };
    const count = async () => {
      const value = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(${JSON.stringify(counter)}, String(value + 1));
    };
    const hold = () => new Promise(() => console.log("held"));
    for (let i = 0; i < 10; i += 1) await withLock(environment, "x", ${what});
  `;
  return spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
}
