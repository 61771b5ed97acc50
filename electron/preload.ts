import { contextBridge, ipcRenderer } from "electron";
import type { Bridge, Delta } from "./bridge.ts";

/** Runs sandboxed in front of the page. The names are bridge.ts's; a copy here keeps its schemas out of the sandbox. */
const bridge: Bridge = {
  language: process.argv.find((one) => one.startsWith("--sag-language="))?.split("=")[1] ?? "en",
  call: (name, argument) => ipcRenderer.invoke("sag:call", name, argument),
  onDelta: (listener) => {
    ipcRenderer.on("sag:delta", (_event, delta: Delta) => listener(delta));
  },
};

contextBridge.exposeInMainWorld("sag", bridge);
