import type { Bridge } from "../../electron/bridge.ts";

declare global {
  interface Window {
    /** Exposed by the preload script. */
    readonly sag: Bridge;
  }
}

export const bridge: Bridge = window.sag;
