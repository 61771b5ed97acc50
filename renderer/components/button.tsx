import type { Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps } from "react-aria-components";
import "./button.css";

interface Props extends AriaProps {
  /** primary: the one thing to do here. quiet: looks like text until it is pointed at. icon: square. */
  look?: "primary" | "plain" | "quiet" | "icon";
  big?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export const Button = ({ look = "plain", big = false, className, ...props }: Props) => (
  <AriaButton {...props} className={`button ${look}${big ? " big" : ""}${className ? ` ${String(className)}` : ""}`} />
);
