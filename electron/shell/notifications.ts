import { Notification } from "electron";
import type { Notice } from "./notices.ts";

/** Shows notices as system notifications; a click opens the window. */
export const notifier = (open: () => void): ((notice: Notice) => void) => {
  // Keeps a reference, because a garbage-collected notification no longer emits "click".
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
