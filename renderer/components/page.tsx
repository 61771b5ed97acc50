import { type ReactNode, useEffect, useRef } from "react";
import { texts } from "../../common/text/window.ts";
import { Button } from "./button.tsx";
import { ArrowLeft } from "./icons.tsx";
import "./page.css";

/** Takes the focus when its text changes, so that screen readers announce the new page. */
export const Heading = ({ children, className }: { children: string; className?: string }) => {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another heading is another page
  useEffect(() => heading.current?.focus(), [children]);
  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
};

interface ColumnPageProps {
  back?: (() => void) | undefined;
  /** Vertically centred in a large window, for pages with little content. */
  middle?: boolean;
  children: ReactNode;
}

/** A page with a narrow column: forms and settings. */
export const ColumnPage = ({ back, middle = false, children }: ColumnPageProps) => {
  useEscape(back);
  return (
    <div className="page">
      <header className="page-top stays">
        {back ? (
          <Button look="icon" aria-label={texts.window.back} onPress={back}>
            <ArrowLeft />
          </Button>
        ) : null}
      </header>
      <main className={middle ? "column middle" : "column"}>{children}</main>
    </div>
  );
};

/** Escape goes back, unless it closes a dialog or menu. */
const useEscape = (back: (() => void) | undefined) => {
  const latest = useRef(back);
  latest.current = back;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]")) return;
      latest.current?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
};
