import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { locked } from "../../build/lib/lock.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";

/** Returns the path of a stock wireguard-go, built unchanged from the module version that our programs embed. */
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
