import type { Page } from "playwright-core";
import type { App } from "../launch.ts";
import { firstPage, heading, type Screen } from "./screen.ts";

const link = "sag://enroll?server=sag.contoso.example&code=CT7X2";

const paste = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel("Enrolment link or enterprise code").fill(text);
  await page.getByRole("button", { name: "Continue" }).click();
};
const fillSignIn = async (page: Page): Promise<void> => {
  await page.getByLabel("User name").fill("anna");
  await page.getByLabel("Password", { exact: true }).fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
};
const signInStep = async (app: App, page: Page): Promise<void> => {
  await firstPage(app, page);
  await paste(page, link);
  await page.getByRole("heading", { name: "Sign in to Contoso" }).waitFor();
};
const toReset = async (page: Page): Promise<void> => {
  await page.getByLabel("User name").fill("anna");
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await page.getByRole("button", { name: "Send the code" }).click();
  await heading(page, "Check your email");
};

export const signInScreens: Screen[] = [
  {
    name: "first-start",
    go: async (app, page) => {
      await firstPage(app, page);
    },
  },
  {
    name: "first-start-code",
    go: async (app, page) => {
      await firstPage(app, page);
      await page.getByLabel("Enrolment link or enterprise code").fill("CT7X2");
      await page.getByLabel("Server").waitFor();
    },
  },
  {
    name: "first-start-unreachable",
    go: async (app, page) => {
      await firstPage(app, page);
      await app.failNext("discover", "instance_unreachable", { subject: "sag.contoso.example" });
      await paste(page, link);
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "sign-in", go: signInStep },
  {
    name: "sign-in-wrong-password",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "bad_credentials");
      await fillSignIn(page);
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-in-no-keychain",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "keychain_unavailable");
      await fillSignIn(page);
      await page.getByText("Save my sign-in in a file", { exact: true }).waitFor();
    },
  },
  {
    name: "sign-in-forgotten",
    go: async (app, page) => {
      await signInStep(app, page);
      await page.getByLabel("User name").fill("anna");
      await page.getByRole("button", { name: "Forgot your password?" }).click();
      await heading(page, "Forgot your password?");
    },
  },
  {
    name: "sign-in-reset",
    go: async (app, page) => {
      await signInStep(app, page);
      await toReset(page);
    },
  },
  {
    name: "sign-in-reset-wrong-code",
    go: async (app, page) => {
      await signInStep(app, page);
      await toReset(page);
      await app.failNext("resetPassword", "bad_credentials", { field: "code" });
      await page.getByLabel("Code from the email").fill("K7M2P-Q9XYZ");
      await page.getByLabel("New password", { exact: true }).fill("battery staple");
      await page.getByLabel("New password again").fill("battery staple");
      await page.keyboard.press("Enter");
      await page.getByText("This code is wrong or has expired.").waitFor();
    },
  },
  {
    name: "identity",
    go: async (app, page) => {
      await firstPage(app, page);
      await app.set({ selfMade: true });
      await paste(page, link);
      await heading(page, "Is this the right server?");
      await app.set({ selfMade: false });
    },
  },
  {
    name: "second-factor",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required");
      await fillSignIn(page);
      await heading(page, "Enter your code");
    },
  },
  {
    name: "second-factor-wrong",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required", { field: "otp" });
      await app.failNext("signIn", "second_factor_required", { field: "otp", text: "That code is wrong." });
      await fillSignIn(page);
      await page.getByLabel("Six-digit code").fill("123456");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "second-factor-set-up",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required", { field: "second_factor" });
      await fillSignIn(page);
      await heading(page, "Set up your authenticator");
    },
  },
  {
    name: "new-password",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "password_change_required");
      await fillSignIn(page);
      await heading(page, "Choose a new password");
    },
  },
  {
    name: "new-password-code",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "password_change_required");
      await fillSignIn(page);
      await app.failNext("changePassword", "second_factor_required");
      await page.getByLabel("New password", { exact: true }).fill("battery staple");
      await page.getByLabel("New password again").fill("battery staple");
      await page.keyboard.press("Enter");
      await page.getByLabel("Six-digit code").waitFor();
    },
  },
];
