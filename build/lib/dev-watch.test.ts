import { expect, it } from "vitest";
import { affected } from "./dev-watch.ts";

it.each([
  [["renderer/pages/home.tsx"], ["pages"]],
  [["renderer/theme/base.css"], ["pages"]],
  [["electron/shell/tray.ts"], ["main"]],
  [["electron/bridge.ts"], ["pages", "main"]],
  [["electron/core/client/client.ts"], ["main", "programs"]],
  [["electron/cli/main.ts"], ["programs"]],
  [
    ["cloud/serve.ts", "renderer/main.tsx"],
    ["pages", "programs"],
  ],
  [["common/words.ts"], ["pages", "main", "programs"]],
  [["native/cmd/sag-tunnel/main.go"], ["native"]],
  [["electron/core/client.test.ts", "native/internal/engine/engine_test.go"], []],
  [["renderer/.main.tsx.swp", "electron/4913"], []],
])("%j → %j", (paths, parts) => expect(affected(paths)).toEqual(parts));
