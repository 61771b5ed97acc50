import { useEffect } from "react";
import { AddPage } from "../pages/add/add-page.tsx";
import { MainPage } from "../pages/main/main-page.tsx";
import { SettingsPage } from "../pages/settings/settings-page.tsx";
import { SignInPage } from "../pages/sign-in/sign-in-page.tsx";
import { selectedView, useStore } from "./store.ts";

export const App = () => {
  const theme = useStore((state) => state.snapshot?.preferences.theme ?? "system");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return <Pages />;
};

/** Shows the current page; without an intranet always the page to add one. */
const Pages = () => {
  const snapshot = useStore((state) => state.snapshot);
  const page = useStore((state) => state.page);
  const invitation = useStore((state) => state.invitation);
  const isReady = snapshot !== null;
  useEffect(() => {
    // Read by the benchmark: from here on the page reacts to input.
    if (isReady) performance.mark("sag-interactive");
  }, [isReady]);
  if (!snapshot) return null;
  const view = selectedView(snapshot);
  if (!view || page === "add") return <AddPage key={invitation ?? ""} first={!view} invitation={invitation ?? ""} />;
  if (page === "sign_in") return <SignInPage key={view.state.intranetId} view={view} />;
  if (page === "settings") return <SettingsPage view={view} snapshot={snapshot} />;
  return <MainPage key={view.state.intranetId} view={view} snapshot={snapshot} />;
};
