import { DialogTrigger, Popover } from "react-aria-components";
import { texts } from "../../../common/text/window.ts";
import type { IntranetState } from "../../../electron/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ChevronDown } from "../../components/icons.tsx";
import "./details.css";

/**
 * Client IP, access point and latency. `steady`: an access point is in use; while several are being tried, none is
 * shown.
 */
export const Details = ({ state, steady }: { state: IntranetState; steady: boolean }) => (
  <ul className="details number">
    {state.clientIp ? (
      <li className={state.clientIp.includes(":") ? "own-line" : undefined}>
        <span className="hidden-visually">{texts.window.main.clientIp}: </span>
        <span className="selectable">{state.clientIp}</span>
        <CopyButton text={state.clientIp} what={texts.window.main.clientIp} />
      </li>
    ) : null}
    {steady && state.accessPoint ? (
      <li>
        <AccessPoint point={state.accessPoint} bandwidth={state.session?.bandwidthKbps ?? null} />
      </li>
    ) : null}
    {steady && state.accessPoint?.latencyMs != null ? (
      <li>
        <span className="hidden-visually">{texts.window.main.latency}: </span>
        {texts.formats.latency(state.accessPoint.latencyMs)}
      </li>
    ) : null}
  </ul>
);

interface AccessPointProps {
  point: NonNullable<IntranetState["accessPoint"]>;
  /** Kbit/s; null = no limit. */
  bandwidth: number | null;
}

const AccessPoint = ({ point, bandwidth }: AccessPointProps) => (
  <DialogTrigger>
    <Button look="quiet" aria-label={texts.window.main.accessPointNamed(point.name)}>
      <span className="foreign one-line access-point">{point.name}</span>
      <ChevronDown />
    </Button>
    <Popover className="popover" placement="bottom">
      <div className="access-point-details">
        <h2 className="foreign">{point.name}</h2>
        <dl className="facts number">
          <div>
            <dt>{texts.window.main.latency}</dt>
            <dd>{point.latencyMs === null ? "–" : texts.formats.latency(point.latencyMs)}</dd>
          </div>
          <div>
            <dt>{texts.window.main.address}</dt>
            <dd className="selectable">{point.endpoint}</dd>
          </div>
          {bandwidth === null ? null : (
            <div>
              <dt>{texts.window.main.bandwidth}</dt>
              <dd>{texts.formats.bandwidthEachWay(bandwidth)}</dd>
            </div>
          )}
        </dl>
        <p className="quiet small">{texts.window.main.nearest}</p>
      </div>
    </Popover>
  </DialogTrigger>
);
