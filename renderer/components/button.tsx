import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps } from "react-aria-components";
import "./button.css";

interface Props extends Omit<AriaProps, "children" | "className" | "isPending"> {
  /** primary: the main action. quiet: looks like text until it is hovered. icon: square. */
  look?: "primary" | "plain" | "quiet" | "icon";
  big?: boolean;
  /** The action is running: announced by screen readers, and further clicks are ignored. The focus stays. */
  isBusy?: boolean;
  className?: string;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export const Button = ({ look = "plain", big = false, isBusy, className = "", children, ...props }: Props) => (
  <>
    <AriaButton {...props} className={`button ${look} ${big ? "big" : ""} ${isBusy ? "busy" : ""} ${className}`}>
      {children}
    </AriaButton>
    {isBusy === undefined ? null : (
      <span role="status" className="hidden-visually">
        {isBusy ? children : null}
      </span>
    )}
  </>
);
