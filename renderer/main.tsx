import { createRoot } from "react-dom/client";
import "./theme/tokens.css";
import "./theme/base.css";
import { App } from "./app/app.tsx";
import { start } from "./app/store.ts";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(<App />);
  void start();
}
