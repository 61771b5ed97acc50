import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import type { IntranetView } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { OpenIcon } from "../../components/icons.tsx";
import { NotOpened, type Unopened } from "./not-opened.tsx";
import "./resources.css";

interface Props {
  view: IntranetView;
  /** Whether the tunnel works, so that pages can be opened. */
  reachable: boolean;
}

/** The published resources; not rendered if there are none. */
export const Resources = ({ view, reachable }: Props) => {
  const [unopened, setUnopened] = useState<Unopened | null>(null);
  if (view.resources.length === 0) return null;
  const { intranetId } = view.state;
  const open = async ({ id, address }: IntranetView["resources"][number]) => {
    setUnopened(null);
    const answer = await bridge.call("openResource", { intranetId, resourceId: id });
    if (!answer.ok) setUnopened({ address, failure: answer.failure });
  };
  return (
    <section className="resources" aria-label={texts.window.main.resources}>
      <div className="resource-row">
        <h2>{texts.window.main.intranet}</h2>
        <ul>
          {view.resources.map((resource) => (
            <li key={resource.id}>
              {resource.opens ? (
                <Button
                  look="quiet"
                  aria-label={texts.window.main.open(resource.name)}
                  isDisabled={!reachable}
                  onPress={() => open(resource)}
                >
                  <span className="foreign one-line">{resource.name}</span>
                  <OpenIcon />
                </Button>
              ) : (
                <span className="resource-copy">
                  <span className="foreign one-line">{resource.name}</span>
                  <CopyButton text={resource.address} what={resource.name} isDisabled={!reachable} />
                </span>
              )}
            </li>
          ))}
        </ul>
      </div>
      {reachable ? null : <p className="quiet small">{texts.window.main.notReachableNow}</p>}
      {unopened ? <NotOpened unopened={unopened} onDismiss={() => setUnopened(null)} /> : null}
    </section>
  );
};
