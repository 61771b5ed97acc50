import type { WarningView } from "../../../electron/core/model.ts";
import { Warn } from "../../components/icons.tsx";
import { Mender } from "../../components/mender.tsx";

/** Up, but not whole. What belongs to a hop of the chain that is marked there is said there. */
export const Warnings = ({ warnings }: { warnings: WarningView[] }) => (
  <>
    {warnings.map((warning) => (
      <div key={warning.code} className="warning" data-tone="caution" role="status">
        <Warn />
        <p>
          <span className="foreign">{warning.message}</span>
          <br />
          <Mender who={warning.mender} />
        </p>
      </div>
    ))}
  </>
);
