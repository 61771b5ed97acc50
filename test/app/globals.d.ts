import type { Bridge } from "../../electron/bridge.ts";

declare global {
  interface Window {
    readonly sag: Bridge;
  }
  /** Set by the keyboard tests. */
  var nameOf: (element: Element | null) => string;
}
