import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { locked } from "../../build/lib/lock.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";
import type { CloudReady } from "./site.ts";

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

/** What Dial answers, as far as a stock WireGuard needs it. */
export interface StockSession {
  sessionId: string;
  addresses: string[];
  accessPoints: {
    publicKey: string;
    presharedKey: string;
    endpoints: { host: string; port: number }[];
    probeAddress: string;
    ready: boolean;
  }[];
  routes: string[];
  mtu: number;
  /** Such as 43200s. */
  lease: string;
}

/**
 * Calls the client API with curl. Secrets are passed on standard input, not as arguments. `on` wraps the command so
 * that it runs on another host.
 */
export const callClientApi = async <T>(
  { url, pin }: CloudReady,
  method: string,
  body: object,
  bearer?: string,
  on = (args: string[]): string[] => args,
): Promise<T> => {
  const key = Buffer.from(pin.replace(/^sha256\//, ""), "base64url").toString("base64");
  const config = [
    `url = "${url}/sag.client.v1.ClientService/${method}"`,
    `pinnedpubkey = "sha256//${key}"`,
    "insecure",
    `header = "content-type: application/json"`,
    ...(bearer ? [`header = "authorization: Bearer ${bearer}"`] : []),
    `data = ${JSON.stringify(JSON.stringify(body))}`,
  ];
  const text = await must(on(["curl", "-sS", "--fail-with-body", "--max-time", "10", "--config", "-"]), {
    stdin: config.join("\n"),
  });
  return JSON.parse(text);
};
