import { expect } from "vitest";
import { connected } from "./fake/sample.ts";
import { app, heading, onMainPage } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

test("an unhandled rejection does not end the app", async () => {
  await app.host.evaluate(() => {
    void Promise.reject(new Error("nothing waits for this"));
    setTimeout(() => {
      throw new Error("nothing catches this");
    }, 0);
  });
  await expect
    .poll(async () => (await app.asked("noteFailure")).slice(-2).sort())
    .toEqual(["a failure that nothing waited for", "an exception that nothing caught"]);
  await app.put(connected());
  await heading("Connected").waitFor();
});

test("deltas with a gap lead to a new snapshot", async () => {
  await app.host.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    window.webContents.send("sag:delta", {
      epoch: "of another run",
      revision: 1,
      change: { kind: "removed", intranetId: "contoso01" },
    });
  });
  await app.put(connected());
  await heading("Connected").waitFor();
});
