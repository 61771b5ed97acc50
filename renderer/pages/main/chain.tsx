import { type HopState, hopState } from "../../../common/hop-state.ts";
import { texts } from "../../../common/text/window.ts";
import type { HopView } from "../../../electron/bridge.ts";
import { Warn } from "../../components/icons.tsx";
import { Warning } from "./warnings.tsx";
import "./chain.css";

interface Link {
  key: string;
  kind: HopView["kind"];
  label: string;
  /** The label where there is little room; screen readers use the long one. */
  short?: string;
  state: HopState;
}

const spoken: Record<HopState, string> = {
  whole: texts.window.main.whole,
  broken: texts.window.main.missing,
  unknown: texts.window.main.unknown,
};

interface Props {
  hops: HopView[];
  /** Whether the access point is in use. While several are being tried, their names are not shown. */
  steady: boolean;
}

/** The hops from the client to the cloud networks. A broken hop is marked and explained below. */
export const Chain = ({ hops, steady }: Props) => {
  const links = linksOf(hops, steady);
  // no_routes is left out, because it is shown at the top of the page.
  const missing = hops.filter((hop) => hop.missing !== null && hop.missing.code !== "no_routes");
  return (
    <section className="chain" aria-label={texts.window.main.chain}>
      <ol>
        {links.map((link) => (
          <li key={link.key} className={link.kind} data-state={link.state} title={link.label}>
            <span className="knot">{link.state === "broken" ? <Warn size={15} /> : null}</span>
            <span className="chain-label foreign">
              {link.short ? (
                <span className="short" aria-hidden="true">
                  {link.short}
                </span>
              ) : null}
              <span className={link.short ? "long" : undefined}>{link.label}</span>
            </span>
            <span className="hidden-visually">: {spoken[link.state]}</span>
          </li>
        ))}
      </ol>
      {missing.map((hop) => (hop.missing ? <Warning key={`${hop.kind}-${hop.id}`} warning={hop.missing} /> : null))}
    </section>
  );
};

/** One link for each hop, and one for all cloud networks together. */
const linksOf = (hops: HopView[], steady: boolean): Link[] => {
  const clouds = hops.filter((hop) => hop.kind === "cloud_network");
  const others = hops.filter((hop) => hop.kind !== "cloud_network");
  const links = others.map((hop) => ({
    key: `${hop.kind}-${hop.id}`,
    kind: hop.kind,
    label: hop.kind === "access_point" && hop.name && steady ? hop.name : texts.window.main.hops[hop.kind],
    state: hopState(hop),
  }));
  if (clouds.length === 0) return links;
  return [
    ...links,
    {
      key: "cloud_networks",
      kind: "cloud_network",
      label: texts.window.main.cloudNetworks(clouds.length),
      short: String(clouds.length),
      state: worst(clouds.map(hopState)),
    },
  ];
};

const worst = (states: HopState[]): HopState =>
  states.includes("broken") ? "broken" : states.includes("unknown") ? "unknown" : "whole";
