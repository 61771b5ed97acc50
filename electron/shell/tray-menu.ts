import type { MenuItemConstructorOptions } from "electron";
import { texts } from "../../common/text/shell.ts";
import { shownState } from "../../common/tone.ts";
import type { IntranetState } from "../core/client/model.ts";

export interface TrayActions {
  open(): void;
  connect(intranetId: string): void;
  disconnect(intranetId: string): void;
  select(intranetId: string): void;
  add(): void;
  quit(): void;
}

/** The state that the tray shows. */
export interface TrayView {
  states: IntranetState[];
  /** The displayed name of an intranet, distinct from others with the same name. */
  label(intranetId: string): string;
  selected: string | null;
  /** Whether lockdown is on, with or without an intranet. */
  isLocked: boolean;
}

/** The tray's menu: state, lockdown, connect or disconnect, intranets, open, quit. */
export const trayMenu = (
  { states, label, selected, isLocked }: TrayView,
  act: TrayActions,
): MenuItemConstructorOptions[] => {
  const current = states.find((state) => state.intranetId === selected);
  return [
    { label: current ? stateLine(current, label(current.intranetId)) : texts.shell.tray.noNetwork, enabled: false },
    ...(isLocked ? [{ label: texts.shell.tray.lockdown, enabled: false }] : []),
    ...(current ? [oneAction(current, act)] : []),
    { type: "separator" },
    ...networks(states, label, selected, act),
    { label: texts.shell.tray.open, click: () => act.open() },
    { label: texts.shell.tray.quit, click: () => act.quit() },
  ];
};

/** The tooltip of the tray icon. */
export const trayTip = ({ states, label, selected, isLocked }: TrayView): string => {
  const current = states.find((state) => state.intranetId === selected);
  const line = current ? stateLine(current, label(current.intranetId)).replaceAll("&&", "&") : texts.appName;
  return isLocked ? `${line}\n${texts.shell.tray.lockdown}` : line;
};

/** "Contoso: Connected · 10.77.0.12". & is doubled, because menus use it for mnemonics. */
export const stateLine = (state: IntranetState, name: string): string => {
  const ip = state.phase === "connected" && state.clientIp ? ` · ${state.clientIp}` : "";
  return short(`${name}: ${texts.shownStates[shownState(state)]}${ip}`);
};

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text).replaceAll("&", "&&");

const oneAction = (state: IntranetState, act: TrayActions): MenuItemConstructorOptions => {
  switch (state.phase) {
    case "connected":
      return { label: texts.actions.disconnect, click: () => act.disconnect(state.intranetId) };
    case "connecting":
    case "reconnecting":
      return { label: texts.actions.cancel, click: () => act.disconnect(state.intranetId) };
    case "signed_out":
    case "signing_in":
      return { label: texts.shell.tray.signIn, click: () => act.open() };
    case "disconnecting":
      return { label: texts.actions.connect, enabled: false };
    case "disconnected":
    case "failed":
      return { label: texts.actions.connect, click: () => act.connect(state.intranetId) };
  }
};

const networks = (
  states: IntranetState[],
  label: TrayView["label"],
  selected: string | null,
  act: TrayActions,
): MenuItemConstructorOptions[] => [
  {
    label: texts.shell.tray.networks,
    submenu: [
      ...states.map(
        (state): MenuItemConstructorOptions => ({
          label: stateLine(state, label(state.intranetId)),
          type: "radio",
          checked: state.intranetId === selected,
          click: () => act.select(state.intranetId),
        }),
      ),
      ...(states.length > 0 ? [{ type: "separator" } as const] : []),
      { label: texts.shell.tray.addNetwork, click: () => act.add() },
    ],
  },
];
