import { beforeEach } from "vitest";
import { notRunHere } from "../harness/needs.ts";
import { electronBinary } from "../standin/electron-host.ts";

/** Whether the tests run on real Electron. */
export const hasElectron = process.env.SAG_TEST_HOST !== "standin" && electronBinary() !== null;

/** These tests read native elements (tray, notifications, dialogs), which only the stand-in exposes as data. */
export const needsStandin = (): void => {
  beforeEach((context) => {
    if (hasElectron) notRunHere(context, "the stand-in for Electron");
  });
};

/** These tests check properties of real Electron: fuses, asar, native tray and dialogs. */
export const needsElectron = (): void => {
  beforeEach((context) => {
    if (!hasElectron) notRunHere(context, "the Electron binary");
  });
};
