import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import { texts } from "../../../common/text/window.ts";
import type { IntranetView, Snapshot } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { lookOf } from "../../app/look.ts";
import { useStore } from "../../app/store.ts";
import { Check, ChevronDown, Plus } from "../../components/icons.tsx";
import "../../components/menu.css";

/** The menu of intranets, each with its state. */
export const NetworkMenu = ({ snapshot, view }: { snapshot: Snapshot; view: IntranetView }) => {
  const go = useStore((store) => store.go);
  const { label } = view;
  const { intranetId } = view.state;
  return (
    <MenuTrigger>
      <AriaButton className="button quiet network" aria-label={texts.window.main.networkMenu(label)}>
        <span className="foreign one-line">{label}</span>
        <ChevronDown />
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Menu className="menu" aria-label={texts.window.main.networks}>
          {snapshot.intranets.map(({ state, label: name }) => (
            <MenuItem
              key={state.intranetId}
              className="menu-item"
              textValue={name}
              onAction={() => bridge.call("select", { intranetId: state.intranetId })}
            >
              <span className="dot" data-tone={lookOf(state, state.phase).tone} />
              <span className="grow">
                <span className="foreign one-line network-name">{name}</span>
                <span className="quiet small one-line network-name">
                  {lookOf(state, state.phase).word} · <span className="foreign">{state.userName}</span>
                </span>
              </span>
              {state.intranetId === intranetId ? <Check /> : null}
            </MenuItem>
          ))}
          <Separator className="menu-line" />
          <MenuItem className="menu-item" onAction={() => go("add")}>
            <Plus />
            {texts.window.main.addNetwork}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
};
