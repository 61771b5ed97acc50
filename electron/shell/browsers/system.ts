import { gnomeProxy } from "./gnome.ts";
import type { SystemProxy } from "./proxy.ts";

/** This system's proxy setting. */
export const systemProxy = (platform: NodeJS.Platform = process.platform): SystemProxy =>
  platform === "linux" ? gnomeProxy() : notSupportedYet;

const notSupportedYet: SystemProxy = {
  supported: async () => false,
  read: async () => ({}),
  write: async () => {},
  forPac: () => ({}),
};
