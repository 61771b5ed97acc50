import type { MenuItemConstructorOptions } from "electron";
import type { IntranetState } from "../core/model.ts";
import { words } from "./words.ts";

export interface TrayActions {
  open(): void;
  connect(intranetId: string): void;
  disconnect(intranetId: string): void;
  select(intranetId: string): void;
  add(): void;
  quit(): void;
}

/** What the tray speaks of. */
export interface TrayView {
  states: IntranetState[];
  selected: string | null;
  /** The machine's lockdown is on, with an intranet or without. */
  isLocked: boolean;
}

/** The tray's menu: state line, lockdown, the one action, networks, open, quit. */
export const trayMenu = ({ states, selected, isLocked }: TrayView, act: TrayActions): MenuItemConstructorOptions[] => {
  const current = states.find((state) => state.intranetId === selected);
  return [
    { label: current ? stateLine(current) : words.noNetwork, enabled: false },
    ...(isLocked ? [{ label: words.lockdown, enabled: false }] : []),
    ...(current ? [oneAction(current, act)] : []),
    { type: "separator" },
    ...networks(states, selected, act),
    { label: words.open, click: () => act.open() },
    { label: words.quit, click: () => act.quit() },
  ];
};

/** "Contoso: Connected · 10.77.0.12". A menu takes & for a mnemonic. */
export const stateLine = (state: IntranetState): string => {
  const ip = state.phase === "connected" && state.clientIp ? ` · ${state.clientIp}` : "";
  return short(`${state.displayName}: ${words.phases[state.phase]}${ip}`);
};

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text).replaceAll("&", "&&");

const oneAction = (state: IntranetState, act: TrayActions): MenuItemConstructorOptions => {
  switch (state.phase) {
    case "connected":
      return { label: words.disconnect, click: () => act.disconnect(state.intranetId) };
    case "connecting":
    case "reconnecting":
      return { label: words.cancel, click: () => act.disconnect(state.intranetId) };
    case "signed_out":
    case "signing_in":
      return { label: words.signIn, click: () => act.open() };
    case "disconnecting":
      return { label: words.connect, enabled: false };
    case "disconnected":
    case "failed":
      return { label: words.connect, click: () => act.connect(state.intranetId) };
  }
};

const networks = (states: IntranetState[], selected: string | null, act: TrayActions): MenuItemConstructorOptions[] => [
  {
    label: words.networks,
    submenu: [
      ...states.map(
        (state): MenuItemConstructorOptions => ({
          label: stateLine(state),
          type: "radio",
          checked: state.intranetId === selected,
          click: () => act.select(state.intranetId),
        }),
      ),
      ...(states.length > 0 ? [{ type: "separator" } as const] : []),
      { label: words.addNetwork, click: () => act.add() },
    ],
  },
];
