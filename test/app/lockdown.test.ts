import { expect } from "vitest";
import { disconnected, locked } from "./fake/sample.ts";
import { test } from "./shared.ts";

/** Lockdown on the main page: what the user may do, and the message when it is refused. */
test("lockdown can be turned off by permitted users, others see the command; the captive-portal exception counts down", async ({
  shared: app,
}) => {
  await app.asNew();
  await app.put(disconnected());
  const page = await app.page();
  const lockdown = page.getByRole("region", { name: "Lockdown" });
  const button = (name: string) => lockdown.getByRole("button", { name });
  expect(await lockdown.count()).toBe(0);

  await app.lock(locked({ by: "policy" }));
  await lockdown.getByText("On for 2 h 14 min, set by your company's policy").waitFor();
  await lockdown.getByText("sudo sag lockdown off").waitFor();
  expect(await button("Turn off lockdown").count()).toBe(0);

  const often = "a captive portal was allowed three times within an hour";
  await app.failNext("openPortal", "not_permitted", { text: often });
  await button("Sign in to this network").click();
  await lockdown.getByRole("alert").getByText(often).waitFor();
  await button("Sign in to this network").click();
  const timer = lockdown.getByRole("timer");
  const first = await timer.textContent();
  expect(first).toMatch(/over wlan0 for another (5:00|4:5\d)/);
  await expect.poll(() => timer.textContent()).not.toBe(first);
  expect(await lockdown.getByRole("alert").count()).toBe(0);
  await app.lock(locked({ portal: { link: "wlan0", leftMs: 900 } }));
  // No event reports the end: the kernel closes the exception itself.
  await button("Sign in to this network").waitFor();

  await app.lock(locked({ mayLift: true, mayOpenPortal: false }));
  await button("Sign in to this network").waitFor({ state: "detached" });
  const lift = async (): Promise<void> => {
    await button("Turn off lockdown").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Turn off lockdown" }).click();
  };
  await app.failNext("liftLockdown", "service_not_running");
  await lift();
  await lockdown.getByText("sudo sag lockdown off").waitFor();
  await lift();
  await lockdown.waitFor({ state: "detached" });
  await page.getByText("No traffic is blocked.").waitFor();
  expect(await app.asked("liftLockdown")).toHaveLength(2);
  expect(app.complaints).toEqual([]);
});
