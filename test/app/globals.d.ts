import type { Bridge } from "../../electron/bridge.ts";

declare global {
  interface Window {
    readonly sag: Bridge;
  }
  /** Put into the page by the tests that go round by Tab. */
  var nameOf: (element: Element | null) => string;
}
