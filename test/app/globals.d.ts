import type { Bridge } from "../../electron/bridge.ts";

declare global {
  interface Window {
    readonly sag: Bridge;
  }
}
