import { gnomeProxy } from "./gnome.ts";
import type { SystemProxy } from "./proxy.ts";

/** The proxy setting of the current platform. */
export const systemProxy = (platform: NodeJS.Platform = process.platform): SystemProxy =>
  platform === "linux" ? gnomeProxy() : notSupportedYet;

const notSupportedYet: SystemProxy = {
  supported: async () => false,
  read: async () => ({}),
  write: async () => {},
  forPac: () => ({}),
};
