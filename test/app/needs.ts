import { appendFileSync } from "node:fs";
import { beforeEach } from "vitest";
import { electronBinary } from "../standin/electron-host.ts";

/** Specifications run on real Electron here. */
export const hasElectron = process.env.SAG_TEST_HOST !== "standin" && electronBinary() !== null;

const tell = (name: string, needs: string): void => {
  const file = process.env.SAG_TEST_NOT_RUN;
  if (file) appendFileSync(file, `${JSON.stringify({ name, needs })}\n`);
};

/** The tests of this group read what is native (tray, notifications, dialogs), which only the stand-in keeps as data. */
export const needsStandin = (): void => {
  beforeEach((context) => {
    if (!hasElectron) return;
    tell(context.task.name, "the stand-in for Electron");
    context.skip();
  });
};

/** The tests of this group look at what only the real thing has: fuses, asar, native tray and dialogs. */
export const needsElectron = (): void => {
  beforeEach((context) => {
    if (hasElectron) return;
    tell(context.task.name, "the Electron binary");
    context.skip();
  });
};
