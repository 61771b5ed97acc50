import type { Tone } from "../../common/tone.ts";
import "./state-shape.css";

/** One shape per tone, so that they differ not only by colour. */
export const StateShape = ({ tone }: { tone: Tone }) => (
  <svg className="state-shape" data-tone={tone} viewBox="0 0 96 96" width="96" height="96" aria-hidden="true">
    {shapes[tone]}
  </svg>
);

const shapes: Record<Tone, React.ReactNode> = {
  neutral: (
    <>
      <circle className="wash" cx="48" cy="48" r="44" />
      <circle className="line" cx="48" cy="48" r="30" />
      <path className="line" d="M38 48h20" />
    </>
  ),
  progress: (
    <>
      <circle className="wash" cx="48" cy="48" r="44" />
      <circle className="track" cx="48" cy="48" r="30" />
      <path className="line turning" d="M48 18a30 30 0 0 1 30 30" />
      <path className="line turning" d="M48 78a30 30 0 0 1-30-30" />
    </>
  ),
  good: (
    <>
      <circle className="wash" cx="48" cy="48" r="44" />
      <circle className="solid" cx="48" cy="48" r="32" />
      <path className="mark" d="M35 49l9.5 9.5L62 39" />
    </>
  ),
  caution: (
    <>
      <circle className="wash" cx="48" cy="48" r="44" />
      <path
        className="solid"
        d="M48 17.5c2 0 3.8 1 4.8 2.8l26 45.5c2.1 3.7-.5 8.2-4.8 8.2H22c-4.3 0-6.9-4.5-4.8-8.2l26-45.5c1-1.8 2.8-2.8 4.8-2.8z"
      />
      <path className="mark" d="M48 36v17M48 63v.1" />
    </>
  ),
  stopped: (
    <>
      <circle className="wash" cx="48" cy="48" r="44" />
      <path className="solid" d="M36.5 20h23L76 36.5v23L59.5 76h-23L20 59.5v-23z" />
      <path className="mark" d="M39 39l18 18M57 39L39 57" />
    </>
  ),
};
