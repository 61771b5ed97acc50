import { contextBridge, ipcRenderer } from "electron";
import type { Bridge, Delta } from "./bridge.ts";

/** Runs in the renderer's sandbox. The names repeat those of bridge.ts, so that its schemas are not loaded here. */
const bridge: Bridge = {
  language: process.argv.find((one) => one.startsWith("--sag-language="))?.split("=")[1] ?? "en",
  call: (name, argument) => ipcRenderer.invoke("sag:call", name, argument),
  onDelta: (listener) => {
    ipcRenderer.on("sag:delta", (_event, delta: Delta) => listener(delta));
  },
};

contextBridge.exposeInMainWorld("sag", bridge);
