import type { Page } from "playwright-core";
import { beforeEach, describe, expect } from "vitest";
import { authenticatorLink } from "./fake/core.ts";
import { contosoId, disconnected } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { readQr } from "./qr.ts";
import { test } from "./shared.ts";

const link = "sag://enroll?server=sag.contoso.example&code=CT7X2";

let app: App;
let page: Page;

test.beforeAll(async ({ shared }) => {
  app = shared;
  await app.asNew();
  page = await app.page();
});
beforeEach(async () => {
  await app.remove(contosoId);
  await page.reload();
  await page.waitForSelector("h1");
});

const field = () => page.getByLabel("Enrolment link or enterprise code");
const heading = (name: string) => page.getByRole("heading", { name, exact: true });
const fillIn = async (): Promise<void> => {
  await page.getByLabel("User name").fill("anna.meyer");
  await page.getByLabel("Password", { exact: true }).fill("correct horse");
  await page.keyboard.press("Enter");
};
const toSignIn = async (): Promise<void> => {
  await field().fill(link);
  await page.keyboard.press("Enter");
  await heading("Sign in to Contoso").waitFor();
};

describe("first start", () => {
  test("a pasted message with a link continues automatically", async () => {
    await field().focus();
    await page.evaluate((text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }, `Dear Anna,\nplease use ${link} on your laptop.`);
    await heading("Sign in to Contoso").waitFor();
    expect((await app.asked("discover")).at(-1)).toBe(link);
    expect(await page.getByText("sag.contoso.example").isVisible()).toBe(true);
  });

  test("a code alone asks for the server, and both are submitted together", async () => {
    await field().fill("CT7X2");
    await page.getByLabel("Server").fill("sag.contoso.example");
    await page.keyboard.press("Enter");
    await heading("Sign in to Contoso").waitFor();
    expect((await app.asked("discover")).at(-1)).toEqual({ server: "sag.contoso.example", enterpriseCode: "CT7X2" });
  });

  test("other input is reported at the field", async () => {
    await field().fill("CT7X2/..");
    await page.getByText("This is neither an enrolment link nor an enterprise code.").waitFor();
  });

  test.for([
    ["CT7X", "An enterprise code has five letters or digits."],
    ["CT7X2@", "The server after @ is missing."],
    ["sag.example.com", "This is only a server."],
    ["https://sag.example.com/", "This is only a server."],
    ["sag://enroll?server=sag.example.com&code=CT7", "The link is incomplete. Copy it again."],
  ] as const)("incomplete input is reported: %s", async ([text, message]) => {
    await field().fill(text);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText(message).waitFor();
    expect(await field().evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test("a link that a mail program wrapped and quoted continues automatically", async () => {
    await field().focus();
    await page.evaluate(
      (text) => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        document.activeElement?.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
        );
      },
      `Please use <${link.replace("&", "&amp;\n")}>.`,
    );
    await heading("Sign in to Contoso").waitFor();
    expect((await app.asked("discover")).at(-1)).toBe(link);
  });

  test("an unknown code is reported at the field and can be corrected", async () => {
    await app.failNext("discover", "unknown_code");
    await field().fill("XXXXX@sag.contoso.example");
    await page.keyboard.press("Enter");
    await page.getByText("This server doesn't recognise the code.").waitFor();
    await field().fill(link);
    await page.keyboard.press("Enter");
    await heading("Sign in to Contoso").waitFor();
  });

  test("the first field has the focus", async () => {
    expect(await field().evaluate((element) => element === document.activeElement)).toBe(true);
  });
});

describe("signing in", () => {
  test("works with name and password by keyboard alone", async () => {
    await toSignIn();
    await fillIn();
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).at(-1)).toMatchObject({
      invitation: link,
      userName: "anna.meyer",
      password: "correct horse",
      store: "keychain",
    });
  });

  test("an empty form reports missing input at its fields and focuses the first", async () => {
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Enter your enrolment link or enterprise code.").waitFor();
    await field().fill("CT7X2");
    await page.keyboard.press("Enter");
    await page.getByText("Enter your company's server.").waitFor();
    await toSignIn();
    const signIns = (await app.asked("signIn")).length;
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));
    const signIn = page.getByRole("button", { name: "Sign in", exact: true });
    await signIn.click();
    await page.getByText("Enter your user name.").waitFor();
    await page.getByText("Enter your password.").waitFor();
    expect(await focused()).toBe("userName");
    await page.getByLabel("User name").fill("anna.meyer");
    await page.getByText("Enter your user name.").waitFor({ state: "detached" });
    await signIn.click();
    expect(await focused()).toBe("password");
    expect(await app.asked("signIn")).toHaveLength(signIns);
    await page.getByRole("button", { name: "Forgot your password?" }).click();
    await page.getByLabel("User name").fill("");
    await page.keyboard.press("Enter");
    await page.getByText("Enter your user name.").waitFor();
  });

  test("a failure disappears when the input is edited", async () => {
    await toSignIn();
    await app.failNext("signIn", "bad_credentials");
    await fillIn();
    await page.getByText("Wrong user name or password.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("");
    await page.getByText("Wrong user name or password.").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Back" }).click();
    await app.failNext("discover", "unknown_code");
    await field().fill("XXXXX@sag.contoso.example");
    await page.keyboard.press("Enter");
    await page.getByText("This server doesn't recognise the code.").waitFor();
    await field().fill("");
    await page.getByText("This server doesn't recognise the code.").waitFor({ state: "detached" });
  });

  test("a wrong password is reported, and the next attempt is ready", async () => {
    await toSignIn();
    await app.failNext("signIn", "bad_credentials");
    await fillIn();
    await page.getByText("Wrong user name or password.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("another one");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
  });

  test("a second factor is asked for, and a wrong one reported", async () => {
    await toSignIn();
    await app.failNext("signIn", "second_factor_required");
    await app.failNext("signIn", "second_factor_required");
    await fillIn();
    await heading("Enter your code").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByLabel("Six-digit code").fill("123 456");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Six-digit code").fill("654321");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).slice(-2)).toMatchObject([{ otp: "123456" }, { otp: "654321" }]);
  });

  test("a required second factor is set up during sign-in", async () => {
    await toSignIn();
    await app.failNext("signIn", "second_factor_required", { field: "second_factor" });
    await app.failNext("signIn", "second_factor_required", { field: "otp", text: "That code is wrong." });
    await fillIn();
    await heading("Set up your authenticator").waitFor();
    await page.getByText("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP").waitFor();
    await page.getByRole("img", { name: "QR code with the key below" }).waitFor();
    for (const look of [{ colorScheme: "light" }, { colorScheme: "dark" }, { forcedColors: "active" }] as const) {
      await page.emulateMedia(look);
      expect(await readQr(page), JSON.stringify(look)).toBe(authenticatorLink("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"));
    }
    await page.emulateMedia({ colorScheme: null, forcedColors: null });
    await page.getByRole("button", { name: "Copy key" }).click();
    await page.getByLabel("Six-digit code").fill("123456");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("That code is wrong.").waitFor();
    await page.getByLabel("Six-digit code").fill("654321");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ password: "correct horse", otp: "654321" });
  });

  test("a required change of the password leads to signed in", async () => {
    await toSignIn();
    await app.failNext("signIn", "password_change_required");
    await fillIn();
    await heading("Choose a new password").waitFor();
    // The rules are shown before anything is typed.
    await page.getByText("Use 8 to 32 letters, digits or _ @ - . and start with a letter or digit.").waitFor();
    await page.getByLabel("New password", { exact: true }).fill("battery staple");
    await page.getByLabel("New password again").fill("battery stable");
    await page.keyboard.press("Enter");
    await page.getByText("The two passwords are not the same.").waitFor();
    await page.getByLabel("New password again").fill("battery staple");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("changePassword")).at(-1)).toEqual({ password: "correct horse", next: "battery staple" });
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ password: "battery staple" });
  });

  test("changing the password asks for the second factor if there is one", async () => {
    await toSignIn();
    await app.failNext("signIn", "password_change_required");
    await fillIn();
    await heading("Choose a new password").waitFor();
    await app.failNext("changePassword", "second_factor_required");
    await page.getByLabel("New password", { exact: true }).fill("battery staple");
    await page.getByLabel("New password again").fill("battery staple");
    await page.keyboard.press("Enter");
    const code = page.getByLabel("Six-digit code");
    await code.waitFor();
    // It is asked for, but not an error yet.
    expect(await code.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await code.getAttribute("aria-invalid")).not.toBe("true");
    await code.fill("123 456");
    expect(await page.getByRole("alert").count()).toBe(0);
    await app.failNext("signIn", "second_factor_required");
    await page.keyboard.press("Enter");
    await heading("Enter your code").waitFor();
    await page.getByLabel("Six-digit code").fill("654321");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("changePassword")).at(-1)).toMatchObject({ next: "battery staple", otp: "123456" });
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ password: "battery staple", otp: "654321" });
  });

  test("an unverified fingerprint is shown, and only a yes continues", async () => {
    await app.set({ selfMade: true });
    await field().fill(link);
    await page.keyboard.press("Enter");
    await heading("Is this the right server?").waitFor();
    // The primary button is the safe answer.
    const big = page.locator("button.big");
    expect(await big.allTextContents()).toEqual(["Fingerprints don't match"]);
    await page.getByRole("button", { name: "Fingerprints don't match" }).click();
    // Says what to do, and what to report to the administrator.
    await heading("Don't sign in").waitFor();
    await page.getByText(/Tell your administrator that \S+ shows a different fingerprint\./).waitFor();
    await page.getByRole("button", { name: "Copy for your administrator" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const report = await app.host.evaluate(({ clipboard }) => clipboard.readText());
    expect(report).toMatch(
      /^The server \S+ shows this fingerprint of its public key, .*: [0-9a-f]{4}( [0-9a-f]{4}){15}$/,
    );
    await page.locator("main").getByRole("button", { name: "Back" }).click();
    await heading("Connect to your company").waitFor();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Fingerprints match" }).click();
    await heading("Sign in to Contoso").waitFor();
    await fillIn();
    await heading("Disconnected").waitFor();
    await app.set({ selfMade: false });
  });

  test("without a keychain, a file is offered and used only if chosen", async () => {
    await toSignIn();
    await app.failNext("signIn", "keychain_unavailable");
    await fillIn();
    await page.getByText("Save my sign-in in a file", { exact: true }).click();
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ store: "file" });
  });

  test("a missing keychain is reported before a password is typed, and a file can be chosen at once", async () => {
    await app.failNext("checkStore", "keychain_unavailable");
    const before = (await app.asked("signIn")).length;
    await toSignIn();
    await page.getByText("This computer has no keychain.").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByText("Save my sign-in in a file", { exact: true }).click();
    await fillIn();
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ store: "file" });
    expect(await app.asked("signIn")).toHaveLength(before + 1);
  });

  test("a forgotten password, by keyboard alone: mailed code, new password, signed in", async () => {
    await toSignIn();
    await page.getByLabel("User name").fill("anna.meyer");
    await page.getByRole("button", { name: "Forgot your password?" }).focus();
    await page.keyboard.press("Enter");
    await heading("Forgot your password?").waitFor();
    expect(await page.getByLabel("User name").inputValue()).toBe("anna.meyer");
    await page.keyboard.press("Enter");
    await heading("Check your email").waitFor();
    await page.getByText("If an account named anna.meyer exists, we have emailed it a code.").waitFor();
    expect((await app.asked("forgotPassword")).at(-1)).toEqual({ invitation: link, userName: "anna.meyer" });
    // The code's field has the focus; Tab leads to the rest.
    await page.keyboard.type("k7m2p-q9xyz ");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("battery staple");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("battery stable");
    await page.keyboard.press("Enter");
    await page.getByText("The two passwords are not the same.").waitFor();
    await page.getByLabel("New password again").fill("battery staple");
    await app.failNext("resetPassword", "bad_credentials", { field: "code" });
    await page.setViewportSize({ width: 360, height: 560 });
    await page.keyboard.press("Enter");
    // The code is marked, visible in a small window too, and selected for retyping.
    await page.getByText("This code is wrong or has expired. Check it or send another.").waitFor();
    const code = page.getByLabel("Code from the email");
    expect(await code.getAttribute("aria-invalid")).toBe("true");
    expect(await code.evaluate((element) => element === document.activeElement)).toBe(true);
    const box = await code.boundingBox();
    expect(box && box.y >= 0 && box.y + box.height <= 560).toBe(true);
    await page.setViewportSize({ width: 420, height: 680 });
    await heading("Check your email").waitFor();
    await page.keyboard.type("k7m2p-q9xyz ");
    expect(await code.getAttribute("aria-invalid")).toBeNull();
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("resetPassword")).at(-1)).toEqual({
      account: { invitation: link, userName: "anna.meyer" },
      code: "k7m2p-q9xyz",
      next: "battery staple",
    });
    expect((await app.asked("signIn")).at(-1)).toMatchObject({ userName: "anna.meyer", password: "battery staple" });
  });

  test("requesting another code goes back one step, and back from there to the password", async () => {
    await toSignIn();
    await page.getByRole("button", { name: "Forgot your password?" }).click();
    await page.getByLabel("User name").fill("berta");
    await page.keyboard.press("Enter");
    await heading("Check your email").waitFor();
    await page.getByRole("button", { name: "Send another code" }).click();
    await heading("Forgot your password?").waitFor();
    await app.failNext("forgotPassword", "too_many_attempts", { retryAfterMs: 60_000 });
    await page.getByRole("button", { name: "Send the code" }).click();
    await page.getByRole("alert").getByText("Too many attempts.").waitFor();
    await page.getByRole("button", { name: "Back" }).click();
    await heading("Sign in to Contoso").waitFor();
    expect(await page.getByLabel("User name").inputValue()).toBe("berta");
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("signing in again to a listed intranet", async () => {
    await app.put(disconnected({ phase: "signed_out" }));
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading("Sign in to Contoso").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("correct horse");
    await page.keyboard.press("Enter");
    await heading("Disconnected").waitFor();
    expect((await app.asked("signIn")).at(-1)).toMatchObject({
      invitation: { server: "sag.contoso.example", enterpriseCode: "CT7X2" },
      userName: "anna",
    });
  });
});
