import type { EventEmitter } from "node:events";

/** Emits an event whose listeners may call preventDefault(); returns true if none did. */
export const cancellable = (emitter: EventEmitter, name: string, extra: object = {}, ...args: unknown[]): boolean => {
  let prevented = false;
  const event = {
    ...extra,
    preventDefault: () => {
      prevented = true;
    },
    get defaultPrevented() {
      return prevented;
    },
  };
  emitter.emit(name, event, ...args);
  return !prevented;
};
