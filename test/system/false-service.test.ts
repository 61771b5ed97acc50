import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../electron/core/causes/failure.ts";
import { type TestEnvironment, testEnvironment } from "../../electron/core/testing/environment.ts";
import { askService, findService, livingService } from "../../electron/core/tunnel/service.ts";
import { needsRoot } from "../harness/needs.ts";

/** A foreign program in the service's place: the client checks the owner and sends nothing to it. */
const stranger = 65_534;
let environment: TestEnvironment;
let server: Server;
let callers: number;

beforeEach(async (context) => {
  needsRoot(context);
  environment = testEnvironment();
  callers = 0;
  server = createServer((socket) => {
    callers++;
    socket.on("error", () => {});
  });
  mkdirSync(environment.serviceDir, { mode: 0o755 });
  await new Promise<void>((resolve) => server.listen(join(environment.serviceDir, "rpc.sock"), resolve));
});
afterEach(() => {
  server?.close();
  environment?.remove();
});

const causeOf = async (ask: () => unknown): Promise<string> => {
  try {
    await ask();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
  return "none";
};

const impostors: [string, (dir: string, socket: string) => void][] = [
  ["a directory of another user", (dir) => chownSync(dir, stranger, stranger)],
  ["a directory writable for others", (dir) => chmodSync(dir, 0o777)],
  ["a directory writable for a group", (dir) => chmodSync(dir, 0o775)],
  ["a socket of another user", (_, socket) => chownSync(socket, stranger, stranger)],
];

it.each(impostors)("%s gets no calls", async (_, make) => {
  const { serviceDir } = environment;
  expect(findService(environment)).toBe(join(serviceDir, "rpc.sock"));
  make(serviceDir, join(serviceDir, "rpc.sock"));
  expect(await causeOf(() => findService(environment))).toBe("not_permitted");
  expect(await causeOf(() => livingService(environment))).toBe("not_permitted");
  expect(await causeOf(() => askService(environment, "a1b2", true))).toBe("not_permitted");
  expect(callers).toBe(0);
});

it("a link to a directory of another user is not followed", async () => {
  const { serviceDir } = environment;
  const link = `${serviceDir}-link`;
  symlinkSync(serviceDir, link);
  lchownSync(link, stranger, stranger);
  environment.serviceDir = link;
  expect(await causeOf(() => livingService(environment))).toBe("not_permitted");
  expect(callers).toBe(0);
});
