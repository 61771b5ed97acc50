import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { copyCheckout } from "../harness/checkout.ts";
import { needsProgram } from "../harness/needs.ts";
import { until, within } from "../harness/wait.ts";
import { createWorkspace } from "../harness/workspace.ts";

/** Limit from the change of a source file to the changed screen, ms. */
const limit = 2_000;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

it("npm run dev shows a changed page within two seconds, and restarts the app when main changes", async (context) => {
  needsProgram(context, "chromium");
  const workspace = createWorkspace("dev");
  const copy = join(workspace.dir, "checkout");
  await copyCheckout(copy);
  const dev = spawn(at("node_modules/.bin/node"), [join(copy, "build/dev.ts"), "--json", "--no-trial"], {
    env: workspace.home("person"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(dev, "exit");
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: dev.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  let output = "";
  dev.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const next = (what: string, count: number): Promise<Record<string, unknown>> =>
    until(
      () => `${what}, after: ${output}`,
      () => lines[count],
      50_000,
    );
  try {
    expect(await next("the window", 0)).toMatchObject({ ready: true });
    const took: number[] = [];
    for (const round of [1, 2, 3]) {
      appendFileSync(join(copy, "renderer/theme/base.css"), `\n.changed-${round} {\n  width: ${round}px;\n}\n`);
      const line = await next(`page change ${round}`, round);
      expect(line).toMatchObject({ reloaded: "pages" });
      took.push(line.ms as number);
      const built = globSync(join(copy, "dist/app/renderer/assets/*.css")).map((path) => readFileSync(path, "utf8"));
      expect(built.join()).toContain(`.changed-${round}`);
    }
    expect(median(took), `${took} ms`).toBeLessThan(limit);
    appendFileSync(join(copy, "electron/main.ts"), "\n// changed\n");
    expect(await next("a change of main", 4)).toMatchObject({ reloaded: "app" });
  } finally {
    dev.kill("SIGTERM");
    await within("the end of it", 10_000, ended);
    workspace.remove();
  }
}, 120_000);
