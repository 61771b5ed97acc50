import { Script } from "node:vm";

/**
 * Two scripts that run a preload script as Electron does: `page` runs in the page's world and turns the exposed names
 * into functions; `preload` runs the real preload in an isolated world, the only one with the binding to main. The
 * worlds communicate only by events with text.
 */
export const binding = "sagStandinBinding";
export const world = "sag-standin-preload";

const page = `(() => {
  if (window.top !== window) return;
  let next = 0;
  const waiting = new Map();
  const listeners = new Map();
  const emit = (detail) => document.dispatchEvent(new CustomEvent("sag-standin-to-preload", { detail: JSON.stringify(detail) }));
  const pack = (value) => {
    if (typeof value !== "function") return { value };
    const id = ++next;
    listeners.set(id, value);
    return { callback: id };
  };
  const make = (path, shape) => {
    if (shape.kind === "value") return shape.value;
    if (shape.kind === "object") {
      return Object.freeze(Object.fromEntries(Object.entries(shape.fields).map(([k, v]) => [k, make([...path, k], v)])));
    }
    return (...args) => new Promise((resolve, reject) => {
      const id = ++next;
      waiting.set(id, { resolve, reject });
      emit({ type: "call", id, path, args: args.map(pack) });
    });
  };
  document.addEventListener("sag-standin-to-page", (event) => {
    const message = JSON.parse(event.detail);
    if (message.type === "expose") {
      Object.defineProperty(window, message.name, { value: make([message.name], message.shape), enumerable: true });
    } else if (message.type === "callback") {
      listeners.get(message.id)?.(...message.args);
    } else {
      const promise = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.type === "result") promise?.resolve(message.value);
      else promise?.reject(new Error(message.text));
    }
  });
})();`;

const runtime = (source: string, argv: readonly string[]): string => `(() => {
  if (window.top !== window) return;
  let next = 0;
  const waiting = new Map();
  const channels = new Map();
  const exposed = {};
  const emit = (detail) => document.dispatchEvent(new CustomEvent("sag-standin-to-page", { detail: JSON.stringify(detail) }));
  const shapeOf = (value) => {
    if (typeof value === "function") return { kind: "function" };
    if (value === null || typeof value !== "object") return { kind: "value", value };
    return { kind: "object", fields: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shapeOf(v)])) };
  };
  const unpack = (arg) => arg.callback === undefined ? arg.value
    : (...args) => emit({ type: "callback", id: arg.callback, args });
  document.addEventListener("sag-standin-to-preload", async (event) => {
    const { id, path, args } = JSON.parse(event.detail);
    try {
      const target = path.reduce((value, key) => value[key], exposed);
      const value = await target(...args.map(unpack));
      emit({ type: "result", id, value: typeof value === "function" ? undefined : value });
    } catch (error) {
      emit({ type: "failure", id, text: String(error?.message ?? error) });
    }
  });
  globalThis.__sagStandinDeliver = (message) => {
    if (message.type === "send") {
      for (const listener of channels.get(message.channel) ?? []) listener({}, ...message.args);
      return;
    }
    const promise = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "result") promise?.resolve(message.value);
    else promise?.reject(new Error(message.text));
  };
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name, api) => {
        exposed[name] = api;
        emit({ type: "expose", name, shape: shapeOf(api) });
      },
    },
    ipcRenderer: {
      invoke: (channel, ...args) => new Promise((resolve, reject) => {
        const id = ++next;
        waiting.set(id, { resolve, reject });
        globalThis.${binding}(JSON.stringify({ id, channel, args: args.map((value) => ({ value })) }));
      }),
      on: (channel, listener) => {
        channels.set(channel, [...(channels.get(channel) ?? []), listener]);
      },
      removeListener: (channel, listener) => {
        channels.set(channel, (channels.get(channel) ?? []).filter((entry) => entry !== listener));
      },
    },
  };
  const require = (name) => {
    if (name === "electron") return electron;
    throw new Error("a sandboxed preload has no module " + name);
  };
  const process = { platform: ${JSON.stringify(process.platform)}, argv: ${JSON.stringify(argv)} };
  const module = { exports: {} };
  ((require, process, module, exports) => {
${source}
  })(require, process, module, module.exports);
})();`;

/**
 * @param source of the built preload: CommonJS, as Electron's sandbox requires. @param argv additional arguments of
 * the window.
 */
export const preloadScripts = (source: string, argv: readonly string[]): { page: string; preload: string } => {
  // Throws if the preload does not parse, as Electron reports it.
  new Script(source);
  return { page, preload: runtime(source, argv) };
};
