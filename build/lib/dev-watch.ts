import { type FSWatcher, watch } from "node:fs";
import { at } from "./root.ts";

/** A part of the app to rebuild and reload after a change. */
export type Part = "pages" | "main" | "programs" | "native";

/** Parts that depend on a folder; the first match counts. */
const folders: { under: string; parts: Part[] }[] = [
  { under: "renderer/", parts: ["pages"] },
  { under: "common/", parts: ["pages", "main", "programs"] },
  { under: "electron/cli/", parts: ["programs"] },
  { under: "electron/core/", parts: ["main", "programs"] },
  { under: "electron/bridge.ts", parts: ["pages", "main"] },
  { under: "electron/", parts: ["main"] },
  { under: "cloud/", parts: ["programs"] },
  { under: "native/", parts: ["native"] },
];

/** Build order: visible parts first. */
const order: Part[] = ["pages", "main", "programs", "native"];

/** The parts that depend on the changed files, in build order. Tests and files that are not sources are ignored. */
export const affected = (paths: Iterable<string>): Part[] => {
  const parts = new Set<Part>();
  for (const path of paths) {
    if (!/\.(tsx?|css|html|svg|json|go)$/.test(path) || /(\.test\.tsx?|_test\.go)$/.test(path)) continue;
    for (const part of folders.find(({ under }) => path.startsWith(under))?.parts ?? []) parts.add(part);
  }
  return order.filter((part) => parts.has(part));
};

/** How long to collect changes before a rebuild, ms; editors and git write several files at once. */
const settle = 40;

/**
 * Calls `changed` with the changed paths (relative to the checkout) and the time of the first change (`performance.now()`). Calls do
 * not overlap: changes during a call are passed to the next one.
 */
export const watchSources = (
  changed: (paths: string[], since: number) => Promise<void>,
): { close(): Promise<void> } => {
  const waiting = new Set<string>();
  let since = 0;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, settle));
      const paths = [...waiting];
      waiting.clear();
      await changed(paths, since);
    }
    running = undefined;
  };
  const watchers: FSWatcher[] = ["renderer", "common", "electron", "cloud", "native"].map((folder) =>
    watch(at(folder), { recursive: true }, (_event, name) => {
      if (name === null) return;
      if (waiting.size === 0) since = performance.now();
      waiting.add(`${folder}/${name.replaceAll("\\", "/")}`);
      running ??= run();
    }),
  );
  return {
    close: async () => {
      for (const watcher of watchers) watcher.close();
      await running;
    },
  };
};
