import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { texts } from "../../../common/text/window.ts";
import type { TrafficPoint } from "../../../electron/bridge.ts";
import { useNow } from "../../app/use-now.ts";
import { ratesOf } from "./rates.ts";
import "./traffic.css";

/** Time span of the graph, s. */
const seconds = 300;
/** The smallest scale of the graph, bit/s, so that small rates stay near the bottom. */
const smallestScale = 100_000;

/** Rates of the last five minutes. Pointing or the arrow keys show single values. */
export const Traffic = ({ points }: { points: TrafficPoint[] }) => {
  // Whole seconds, because pointing at the graph renders again and the rates stay the same then.
  const now = Math.floor(useNow(1000) / 1000) * 1000;
  const rates = useMemo(() => ratesOf(points, Math.max(now, points.at(-1)?.at ?? 0), seconds), [points, now]);
  const [read, setRead] = useState<number | null>(null);
  const at = read ?? seconds - 1;
  const down = rates.down[at] ?? 0;
  const up = rates.up[at] ?? 0;
  const when =
    read === null || read === seconds - 1 ? texts.window.main.now : texts.formats.secondsAgo(seconds - 1 - read);

  const onKeyDown = (event: KeyboardEvent) => {
    const next = keyTo(event.key, at);
    if (next === null) return;
    event.preventDefault();
    setRead(next);
  };

  return (
    <section className="traffic card" aria-label={texts.window.main.traffic}>
      <p className="traffic-now number">
        <span>
          <i className="swatch down" aria-hidden="true">
            ↓
          </i>
          <span className="hidden-visually">{texts.window.main.down} </span>
          {texts.formats.rate(down)}
        </span>
        <span>
          <i className="swatch up" aria-hidden="true">
            ↑
          </i>
          <span className="hidden-visually">{texts.window.main.up} </span>
          {texts.formats.rate(up)}
        </span>
        <span className="quiet small">{when}</span>
      </p>
      <div
        className="graph"
        role="slider"
        tabIndex={0}
        aria-label={texts.window.main.trafficLabel}
        aria-valuemin={0}
        aria-valuemax={seconds - 1}
        aria-valuenow={at}
        aria-valuetext={texts.window.main.trafficAt(when, down, up)}
        onKeyDown={onKeyDown}
        onBlur={() => setRead(null)}
      >
        <Plot rates={rates} read={read} onRead={setRead} />
      </div>
    </section>
  );
};

const keyTo = (key: string, at: number): number | null => {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowDown: -1,
    ArrowUp: 1,
    PageDown: -30,
    PageUp: 30,
  };
  if (key === "Home") return 0;
  if (key === "End") return seconds - 1;
  const step = steps[key];
  return step === undefined ? null : Math.min(seconds - 1, Math.max(0, at + step));
};

interface PlotProps {
  rates: ReturnType<typeof ratesOf>;
  read: number | null;
  onRead: (at: number | null) => void;
}

const Plot = ({ rates, read, onRead }: PlotProps) => {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const tell = useRef(onRead);
  tell.current = onRead;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(
      options(element, (at) => tell.current(at)),
      [[], [], []],
      element,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resize.observe(element);
    const redraw = () => made.redraw(false);
    // Colours are read on every draw, so a theme change only needs a redraw.
    const themes = new MutationObserver(redraw);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    return () => {
      dark.removeEventListener("change", redraw);
      themes.disconnect();
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    plot.current?.setData([rates.at, rates.down, rates.up]);
  }, [rates]);

  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    const left = read === null ? -10 : made.valToPos(rates.at[read] ?? 0, "x");
    made.setCursor({ left, top: read === null ? -10 : 0 }, false);
  }, [read, rates]);

  return (
    <div className="plot" ref={box} aria-hidden="true">
      <i className="ink-down" />
      <i className="ink-up" />
      <i className="ink-wash" />
    </div>
  );
};

const options = (element: HTMLElement, tell: (at: number | null) => void): uPlot.Options => {
  // A canvas does not support CSS variables or light-dark(), so the computed colours of elements are used.
  const colour = (part: string) => () => getComputedStyle(element.querySelector(part) ?? element).color;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [2, 0, 1, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7, fill: (u, i) => String(u.series[i]?.stroke ?? "gray") },
    },
    scales: {
      x: { time: false },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.05, smallestScale)] },
    },
    series: [
      {},
      { stroke: colour(".ink-down"), fill: colour(".ink-wash"), width: 1.5, points: { show: false } },
      { stroke: colour(".ink-up"), width: 1.5, points: { show: false } },
    ],
    hooks: {
      setCursor: [
        (made) => {
          // Only report positions from the pointer, not those set by the keyboard handler.
          if (made.cursor.event) tell(made.cursor.idx ?? null);
        },
      ],
    },
  };
};
