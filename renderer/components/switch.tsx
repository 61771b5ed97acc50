import { SwitchButton, SwitchField, type SwitchFieldProps } from "react-aria-components";
import "./switch.css";

/** A switch with a label and a hint. */
export const Switch = ({ label, hint, ...props }: SwitchFieldProps & { label: string; hint?: string }) => (
  <SwitchField {...props}>
    <SwitchButton className="switch">
      <span className="switch-text">
        <span>{label}</span>
        {hint ? <span className="quiet small">{hint}</span> : null}
      </span>
      <span className="switch-track" aria-hidden="true">
        <span className="switch-knob" />
      </span>
    </SwitchButton>
  </SwitchField>
);
