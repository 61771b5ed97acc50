import type { HopView } from "../../../electron/core/model.ts";
import { Warn } from "../../components/icons.tsx";
import { Mender } from "../../components/mender.tsx";
import { words } from "../../i18n/en.ts";
import "./chain.css";

interface Link {
  key: string;
  kind: HopView["kind"];
  label: string;
  /** Where there is little room; read aloud is the long one. */
  short?: string;
  whole: boolean;
}

/** From you to the cloud networks: whole hops quiet, a missing one marked and explained below. */
export const Chain = ({ hops }: { hops: HopView[] }) => {
  const links = linksOf(hops);
  const missing = hops.filter((hop) => hop.missing !== null);
  return (
    <section className="chain" aria-label={words.chain}>
      <ol>
        {links.map((link) => (
          <li key={link.key} className={link.kind} data-whole={link.whole} title={link.label}>
            <span className="knot">{link.whole ? null : <Warn size={15} />}</span>
            <span className="chain-label foreign one-line">
              {link.short ? (
                <span className="short" aria-hidden="true">
                  {link.short}
                </span>
              ) : null}
              <span className={link.short ? "long" : undefined}>{link.label}</span>
            </span>
            <span className="hidden-visually">: {link.whole ? words.whole : words.missing}</span>
          </li>
        ))}
      </ol>
      {missing.map((hop) => (
        <div key={`${hop.kind}-${hop.id}`} className="chain-missing" data-tone="caution">
          <Warn />
          <p>
            <span className="foreign">{hop.missing?.message}</span>
            <br />
            {hop.missing ? <Mender who={hop.missing.mender} /> : null}
          </p>
        </div>
      ))}
    </section>
  );
};

/** One link a hop, but all cloud networks together. */
const linksOf = (hops: HopView[]): Link[] => {
  const clouds = hops.filter((hop) => hop.kind === "cloud_network");
  const others = hops.filter((hop) => hop.kind !== "cloud_network");
  const links = others.map((hop) => ({
    key: `${hop.kind}-${hop.id}`,
    kind: hop.kind,
    label: hop.kind === "access_point" && hop.name ? hop.name : words.hops[hop.kind],
    whole: hop.whole,
  }));
  if (clouds.length === 0) return links;
  return [
    ...links,
    {
      key: "cloud_networks",
      kind: "cloud_network",
      label: words.cloudNetworks(clouds.length),
      short: String(clouds.length),
      whole: clouds.every((hop) => hop.whole),
    },
  ];
};
