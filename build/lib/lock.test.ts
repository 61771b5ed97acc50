import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { locked } from "./lock.ts";

it("lets only one holder in at a time", async () => {
  let inside = 0;
  const visit = () =>
    locked("test-one", async () => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      inside--;
    });
  await Promise.all([visit(), visit(), visit()]);
  expect(inside).toBe(0);
});

it("is released when its holder is killed", async () => {
  const holding = `import { locked } from ${JSON.stringify(`${import.meta.dirname}/lock.ts`)};
    await locked("test-two", () => new Promise(() => { console.log("held"); setInterval(() => {}, 1000); }));`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", holding], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  expect(await locked("test-two", async () => "mine")).toBe("mine");
});
