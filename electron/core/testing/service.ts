import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { TestEnvironment } from "./environment.ts";

/** A fake tunnel service: one answer to every call, and the "blocking" file of a real one. */
export class TestService {
  readonly #environment: TestEnvironment;
  #server: Server | undefined;
  /** The answer to every call; can be changed at any time. */
  answer: object = {};

  constructor(environment: TestEnvironment) {
    this.#environment = environment;
  }

  #path(name: string): string {
    mkdirSync(this.#environment.serviceDir, { recursive: true, mode: 0o755 });
    return join(this.#environment.serviceDir, name);
  }

  async serve(answer: object): Promise<void> {
    this.answer = answer;
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json").end(JSON.stringify(this.answer));
    });
    this.#server = server;
    const socket = this.#path("rpc.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  }

  /** Writes the "blocking" file as the real service does, replacing it atomically. */
  leave(blocking: string): void {
    const path = this.#path("blocking");
    writeFileSync(`${path}.new`, blocking);
    renameSync(`${path}.new`, path);
  }

  close(): void {
    this.#server?.close();
  }
}
