import { DialogTrigger, Popover } from "react-aria-components";
import type { IntranetState } from "../../../electron/core/model.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ChevronDown } from "../../components/icons.tsx";
import { words } from "../../i18n/en.ts";
import "./details.css";

/** Client IP (copy) · access point (more about it) · latency. */
export const Details = ({ state }: { state: IntranetState }) => (
  <ul className="details number">
    {state.clientIp ? (
      <li>
        <span className="hidden-visually">{words.clientIp}: </span>
        <span className="selectable">{state.clientIp}</span>
        <CopyButton text={state.clientIp} what={words.clientIp} />
      </li>
    ) : null}
    {state.accessPoint ? (
      <li>
        <AccessPoint point={state.accessPoint} />
      </li>
    ) : null}
    {state.accessPoint?.latencyMs != null ? (
      <li>
        <span className="hidden-visually">{words.latencyLabel}: </span>
        {words.latency(state.accessPoint.latencyMs)}
      </li>
    ) : null}
  </ul>
);

const AccessPoint = ({ point }: { point: NonNullable<IntranetState["accessPoint"]> }) => (
  <DialogTrigger>
    <Button look="quiet" aria-label={`${words.accessPoint}: ${point.name}`}>
      <span className="foreign one-line access-point">{point.name}</span>
      <ChevronDown />
    </Button>
    <Popover className="popover" placement="bottom">
      <div className="access-point-details">
        <h2 className="foreign">{point.name}</h2>
        <dl className="facts number">
          <div>
            <dt>{words.latencyLabel}</dt>
            <dd>{point.latencyMs === null ? "–" : words.latency(point.latencyMs)}</dd>
          </div>
          <div>
            <dt>{words.address}</dt>
            <dd className="selectable">{point.endpoint}</dd>
          </div>
        </dl>
        <p className="quiet small">{words.nearest}</p>
      </div>
    </Popover>
  </DialogTrigger>
);
