import type { IntranetView } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { OpenIcon } from "../../components/icons.tsx";
import { words } from "../../i18n/en.ts";
import "./resources.css";

/** What the administrator publishes; nothing at all when that is nothing. */
export const Resources = ({ view }: { view: IntranetView }) => {
  if (view.resources.length === 0) return null;
  const { intranetId } = view.state;
  return (
    <section className="resources" aria-label={words.resources}>
      <h2>{words.intranet}</h2>
      <ul>
        {view.resources.map((resource) => (
          <li key={resource.id}>
            {resource.opens ? (
              <Button
                look="quiet"
                aria-label={words.open(resource.name)}
                onPress={() => bridge.call("openResource", { intranetId, resourceId: resource.id })}
              >
                <span className="foreign one-line">{resource.name}</span>
                <OpenIcon />
              </Button>
            ) : (
              <span className="resource-copy">
                <span className="foreign one-line">{resource.name}</span>
                <CopyButton text={resource.address} what={resource.name} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
};
