import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { TestEnvironment } from "./environment.ts";

/** A stand-in of a machine's tunnel service: one answer to every question, and the file that a real one leaves. */
export class TestService {
  readonly #environment: TestEnvironment;
  #server: Server | undefined;
  /** What it says to everything; can be changed while it serves. */
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

  /** What it tells everybody it blocks, written as the real one does: a fresh file in the place of the old one. */
  leave(blocking: string): void {
    const path = this.#path("blocking");
    writeFileSync(`${path}.new`, blocking);
    renameSync(`${path}.new`, path);
  }

  close(): void {
    this.#server?.close();
  }
}
