import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MenuItemConstructorOptions } from "electron";
import { expect, test, vi } from "vitest";

// Has to be set before the texts are loaded.
vi.hoisted(() => {
  process.env.SAG_LANGUAGE = "pseudo";
});

import { connected, disconnected, failed } from "../../test/app/fake/sample.ts";
import { warningView } from "../core/causes/warnings.ts";
import type { CauseCode, PhaseWord } from "../core/client/model.ts";
import { menuTemplate } from "./menu-template.ts";
import { noticesOf, staysNotice } from "./notices.ts";
import { quitQuestion } from "./quit-question.ts";
import { trayMenu, trayTip } from "./tray-menu.ts";

const nothing = () => {};
/** Names given by administrators and users, and addresses. */
const data = /Contoso|Fabrikam|anna-laptop|\d+(\.\d+){3}|Hi\b/g;

/** The words outside of brackets, which may be nested. */
function outside(text: string): string[] {
  let rest = text;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/⟦[^⟦⟧]*⟧/g, " ");
  }
  return rest.replace(data, " ").match(/\p{L}{2,}/gu) ?? [];
}

/**
 * The labels of a menu entry and its submenu. An entry with a role but no label would have Electron's English one.
 */
const labels = (item: MenuItemConstructorOptions): string[] => [
  ...(item.type === "separator" ? [] : [item.label ?? `no label: ${item.role}`]),
  ...(Array.isArray(item.submenu) ? item.submenu.flatMap(labels) : []),
];

const phases: PhaseWord[] = [
  "signed_out",
  "signing_in",
  "disconnected",
  "connecting",
  "connected",
  "reconnecting",
  "disconnecting",
  "failed",
];
const actions = { open: nothing, connect: nothing, disconnect: nothing, select: nothing, add: nothing, quit: nothing };

test.each(phases)("tray icon and menu: %s", (phase) => {
  const state = phase === "connected" ? connected() : disconnected({ phase });
  for (const isLocked of [true, false])
    for (const selected of [state.intranetId, null]) {
      const view = { states: [state], label: () => "Contoso", selected, isLocked };
      const all = [trayTip(view), ...trayMenu(view, actions).flatMap(labels)];
      expect(all.some((text) => text.includes("⟦"))).toBe(true);
      expect(all.flatMap(outside)).toEqual([]);
    }
});

test("application menu and quit question", () => {
  const { message, detail, buttons } = quitQuestion("Contoso");
  const all = [...menuTemplate(actions as never).flatMap(labels), message, detail, ...buttons];
  expect(all.length).toBeGreaterThan(15);
  expect(all.flatMap(outside)).toEqual([]);
});

test("notifications", () => {
  const causes: CauseCode[] = ["no_network", "kicked", "replaced", "sign_in_expired", "access_point_unreachable"];
  const all = [
    ...causes.flatMap((cause) => noticesOf(connected(), failed(cause))),
    ...noticesOf(connected(), connected({ warnings: [warningView("expires_soon")] })),
    ...noticesOf(connected(), connected({ notice: "Hi" })),
    staysNotice(),
  ];
  expect(all).toHaveLength(causes.length + 3);
  expect(all.flatMap(({ title, body }) => [title, body]).flatMap(outside)).toEqual([]);
});

test("has no label, title or button outside of the texts", () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const written =
    /(?:\b(?:label|title|body|message|detail|buttons|sublabel|toolTip): ?\[?|\bsetToolTip\()["`'][^"`']*\p{L}{2}/gu;
  const found = (source: string) => source.match(written) ?? [];
  expect(
    found('{ label: "Quit" }, { buttons: ["Yes"] }, tray.setToolTip(`SAG`), { label: texts.a, title: "" }'),
  ).toHaveLength(3);
  const sources = globSync("**/*.ts", { cwd: folder }).filter((path) => !path.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(15);
  expect(
    sources.flatMap((path) => found(readFileSync(`${folder}/${path}`, "utf8")).map((text) => [path, text])),
  ).toEqual([]);
});
