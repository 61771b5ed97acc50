import { beforeEach } from "vitest";
import { notRunHere } from "../harness/needs.ts";
import { electronBinary } from "../standin/electron-host.ts";

/** Specifications run on real Electron here. */
export const hasElectron = process.env.SAG_TEST_HOST !== "standin" && electronBinary() !== null;

/** The tests of this group read what is native (tray, notifications, dialogs), which only the stand-in keeps as data. */
export const needsStandin = (): void => {
  beforeEach((context) => {
    if (hasElectron) notRunHere(context, "the stand-in for Electron");
  });
};

/** The tests of this group look at what only the real thing has: fuses, asar, native tray and dialogs. */
export const needsElectron = (): void => {
  beforeEach((context) => {
    if (!hasElectron) notRunHere(context, "the Electron binary");
  });
};
