import type { Bridge } from "../../electron/bridge.ts";

declare global {
  interface Window {
    /** Put there by the preload. */
    readonly sag: Bridge;
  }
}

export const bridge: Bridge = window.sag;
