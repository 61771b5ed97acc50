import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { outboxFolder } from "../../cloud/mail/outbox.ts";
import { fromBase32, hotp, stepAt } from "../../cloud/security/totp.ts";
import type { Company } from "../e2e/fixture.ts";
import type { App } from "./launch.ts";
import { readQr } from "./qr.ts";
import { enter, heading, launchReal, toCredentials } from "./real.ts";
import { tellLogs, test } from "./shared.ts";

/** Password reset and second factor during sign-in, with a real cloud instance. */

let company: Company;
test.beforeAll(({ company: shared }) => {
  company = shared;
});
tellLogs(() => company);
let app: App;
afterEach(() => app?.host.close());

/** The code in the newest mail to a user. */
const mailed = async (user: string): Promise<string> => {
  const folder = join(company.site.data, outboxFolder);
  const newest = (): string | undefined => {
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith(".eml"))
        .toSorted()
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .findLast((mail) => mail.includes(`To: ${user}@`) && mail.includes("Subject: Your code"));
    } catch {
      // No mail was sent yet.
      return undefined;
    }
  };
  await expect.poll(newest).toBeDefined();
  return /^ {4}(\S+)\r$/m.exec(newest() ?? "")?.[1] ?? "";
};

test("a forgotten password: the code comes by mail, a wrong one is reported, and unknown names get the same answer", async () => {
  await company.site.createAccount("forgetful");
  app = await launchReal(company, company.person("forgetful"));
  const page = await app.page();
  await toCredentials(page, company);
  const ask = async (user: string): Promise<string> => {
    await page.getByRole("button", { name: "Forgot your password?" }).click();
    await page.getByLabel("User name").fill(user);
    await page.keyboard.press("Enter");
    await heading(page, "Check your email");
    return (await page.locator("main").innerText()).replaceAll(user, "NAME");
  };
  const unknown = await ask("nobody.here");
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("button", { name: "Back" }).click();
  expect(await ask("forgetful")).toBe(unknown);
  await page.getByLabel("Code from the email").fill("AAAAA-AAAAA");
  await page.getByLabel("New password", { exact: true }).fill("Battery-staple-1");
  await page.getByLabel("New password again").fill("Battery-staple-1");
  await page.keyboard.press("Enter");
  await page.getByText("This code is wrong or has expired. Check it or send another.").waitFor();
  await page.getByLabel("Code from the email").fill((await mailed("forgetful")).toLowerCase());
  await page.keyboard.press("Enter");
  // Signed in with it, except for the keychain, which is missing here.
  await page.getByText("Save my sign-in in a file", { exact: true }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, "Disconnected");
});

test("a second factor: asked for; a wrong code and a used one have different messages", async () => {
  const user = "two.factors";
  const password = await company.site.createAccount(user);
  const whose = ["--link", company.link, "--user", user, "--password-stdin"];
  const person = company.person("authenticator");
  const { secret } = await person.json<{ secret: string }>(["second-factor", ...whose], { stdin: password });
  const step = stepAt(Date.now());
  const code = (ahead: number): string => hotp(fromBase32(secret), step + ahead);
  await person.json(["second-factor", "--confirm", ...whose, "--otp-stdin"], { stdin: `${password}\n${code(0)}\n` });

  app = await launchReal(company, company.person("factors"));
  const page = await app.page();
  const type = async (digits: string): Promise<void> => {
    await page.getByLabel("Six-digit code").fill(digits);
    await page.keyboard.press("Enter");
  };
  await enter(page, company, user, password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, "Enter your code");
  expect(await page.getByRole("alert").count()).toBe(0);
  await type(code(0) === "000000" ? "111111" : "000000");
  await page.getByRole("alert").getByText("That code is wrong.").waitFor();
  await type(code(0));
  await page.getByRole("alert").getByText("This code has already been used").waitFor();
  await type(code(1));
  await heading(page, "Disconnected");
});

test("a required second factor is set up during sign-in", async () => {
  const user = "no.factor.yet";
  const password = await company.site.createAccount(user);
  await company.site.sagctl(["policy", "set", "--second-factor", "required"]);
  try {
    app = await launchReal(company, company.person("factorless"));
    const page = await app.page();
    await enter(page, company, user, password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await heading(page, "Set up your authenticator");
    const key = (await page.locator(".digits").innerText()).replaceAll(" ", "");
    const scanned = new URL((await readQr(page)) ?? "");
    expect(`${scanned.protocol}//${scanned.host}`).toBe("otpauth://totp");
    expect(scanned.searchParams.get("secret")).toBe(key);
    await page.getByLabel("Six-digit code").fill(hotp(fromBase32(key), stepAt(Date.now())));
    await page.keyboard.press("Enter");
    await heading(page, "Disconnected");
  } finally {
    await company.site.sagctl(["policy", "set", "--second-factor", "optional"]);
  }
});
