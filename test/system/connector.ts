import { socksConnect } from "../harness/net/socks.ts";
import { within } from "../harness/wait.ts";
import { closerPort, type Ending } from "./endings.ts";

/**
 * Opens connections through a SOCKS server and ends them: SOCKS HOST ENDING COUNT AT-ONCE PORTS. Prints the results
 * as one line of JSON.
 */
const [socks = "", host = "", ending = "", count = "", atOnce = "", ports = "1"] = process.argv.slice(2);

export interface Connected {
  made: number;
  failed: number;
  /** The first few failures. */
  failures: string[];
  /** How many took more than a second to open. */
  slow: number;
  /** The slowest to open, ms. */
  slowest: number;
  /** Connections per second. */
  rate: number;
}

/** ms. */
const slowAfter = 1_000;
const hangs = 15_000;

const outcome: Connected = { made: 0, failed: 0, failures: [], slow: 0, slowest: 0, rate: 0 };

const connectOnce = async (number: number): Promise<void> => {
  const begun = performance.now();
  const socket = await socksConnect(socks, host, closerPort(ending as Ending, number % Number(ports)));
  const took = performance.now() - begun;
  outcome.slowest = Math.max(outcome.slowest, took);
  if (took > slowAfter) outcome.slow++;
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  if (ending === "server resets") socket.write("now");
  if (ending === "client closes first") socket.end();
  if (ending === "client resets") socket.resetAndDestroy();
  await closed;
};

const worker = async (): Promise<void> => {
  while (outcome.made < Number(count)) {
    const number = outcome.made++;
    try {
      await within("a connection", hangs, connectOnce(number));
    } catch (error) {
      outcome.failed++;
      if (outcome.failures.length < 5) outcome.failures.push(String(error));
    }
  }
};

const begun = performance.now();
await Promise.all(Array.from({ length: Number(atOnce) }, worker));
outcome.rate = Math.round((outcome.made / (performance.now() - begun)) * 1_000);
outcome.slowest = Math.round(outcome.slowest);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
