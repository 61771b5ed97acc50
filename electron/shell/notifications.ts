import { Notification } from "electron";
import type { Notice } from "./notices.ts";

/** Shows notices as the system's notifications; pressing one leads to the window. */
export const notifier = (open: () => void): ((notice: Notice) => void) => {
  // Held until they are gone: a collected one no longer hears its click.
  const held = new Set<Notification>();
  return ({ title, body }) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    held.add(notification);
    notification.on("click", open);
    notification.on("close", () => held.delete(notification));
    notification.show();
    if (held.size > 20) held.delete(held.values().next().value as Notification);
  };
};
