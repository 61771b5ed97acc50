import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { must } from "../harness/command.ts";

/** A packet as printed by tcpdump. */
export interface Packet {
  /** ms since 1970. */
  at: number;
  text: string;
}

/** Everything received on a link, recorded by tcpdump: what the host at the other end sends. */
export class Capture {
  readonly #file: string;
  readonly #child: ChildProcess;

  private constructor(file: string, child: ChildProcess) {
    this.#file = file;
    this.#child = child;
  }

  /** `on`: wraps a command so that it runs on the receiving host. */
  static async start(file: string, on: (args: string[]) => string[], link: string): Promise<Capture> {
    const args = ["tcpdump", "-i", link, "-Q", "in", "-n", "-U", "-Z", "root", "-B", "16384", "-s", "400", "-w", file];
    const [program = "", ...rest] = on(args);
    const child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
    const lines = createInterface({ input: child.stderr });
    await once(lines, "line");
    return new Capture(file, child);
  }

  /** Stops the capture. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill("SIGINT");
    await once(this.#child, "exit");
  }

  /** The packets that match a filter. */
  async packets(filter: string): Promise<Packet[]> {
    const text = await must(["tcpdump", "-r", this.#file, "-n", "-tt", ...filter.split(" ")], { limit: 60_000 });
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => ({ at: Number.parseFloat(line) * 1_000, text: line }));
  }
}
