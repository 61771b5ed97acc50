import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { locked } from "../../build/lib/lock.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";

/** The path of a stock wireguard-go, built from the very module version that our own programs embed, unchanged. */
export const stockWireguard = (): Promise<string> =>
  locked("stock", async () => {
    const program = at(".cache/bin/wireguard-go");
    await must([await findGo(), "build", "-o", program, "golang.zx2c4.com/wireguard"], {
      cwd: at("native"),
      env: goEnvironment({ CGO_ENABLED: "0", GOWORK: "off" }),
      limit: 180_000,
    });
    return program;
  });
