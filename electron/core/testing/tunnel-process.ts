import { createHash, randomBytes } from "node:crypto";
import { existsSync, rmSync, watch, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Outside, type State, StateSchema, TunnelService } from "#proto/tunnel/v1/tunnel_pb.js";
import { Cause, FailureSchema } from "#proto/types/v1/cause_pb.js";
import { Blocking, Mode, Phase } from "#proto/types/v1/state_pb.js";
import type { TunnelScript } from "./tunnel.ts";

// proxy --dir DIR --intranet ID … --json SCRIPT
const [, , , , dir = "", , intranetId = ""] = process.argv;
const script = JSON.parse(process.argv.at(-1) ?? "{}") as TunnelScript;
const socket = join(dir, "rpc.sock");
const session = join(dir, "session");

const state: State = create(StateSchema, {
  intranetId,
  phase: Phase.DISCONNECTED,
  blocking: Blocking.NONE,
  mode: Mode.PROXY,
  pid: process.pid,
});
const watchers = new Set<() => void>();

const change = (next: Parameters<typeof create<typeof StateSchema>>[1] & object): void => {
  Object.assign(state, create(StateSchema, next), {
    intranetId,
    blocking: Blocking.NONE,
    mode: Mode.PROXY,
    pid: process.pid,
  });
  for (const wake of watchers) wake();
};

const failure = (cause: Cause, field = ""): ConnectError => {
  const error = new ConnectError("refused", Code.FailedPrecondition);
  error.details.push({ desc: FailureSchema, value: create(FailureSchema, { cause, field }) });
  return error;
};

const causeByName = (name: string): Cause => Cause[name.toUpperCase() as keyof typeof Cause] ?? Cause.UNKNOWN;

const portOf = (name: string): number => 20_000 + (createHash("sha256").update(name).digest().readUInt16BE(0) % 20_000);

let outside = Outside.DIRECT;

function up(socks: string, http: string): void {
  const given = (listen: string): string => (listen && !listen.endsWith(":0") ? listen : "");
  change({
    phase: Phase.CONNECTED,
    session: {
      sessionId: randomBytes(16).toString("hex"),
      addresses: ["10.77.0.12/32", "fd00:5a6::12/128"],
      routes: ["10.0.0.0/24"],
      accessPoints: [
        { id: "ap-1", name: "Frankfurt" },
        { id: "ap-2", name: "Berlin" },
      ],
    },
    accessPoint: { id: "ap-1", name: "Frankfurt", endpoint: "127.0.0.1:51820" },
    proxy: {
      socks: given(socks) || `127.0.0.1:${portOf(`${intranetId}s`)}`,
      http: given(http) || `127.0.0.1:${portOf(`${intranetId}h`)}`,
      pac: "http://127.0.0.1:1/proxy.pac",
      outside,
    },
  });
}

const handler = connectNodeAdapter({
  routes: (router) =>
    router.service(TunnelService, {
      attach: () => ({ hello: { version: "0.1.0" }, mode: Mode.PROXY, pid: process.pid }),
      prepare: () => ({ attemptId: "attempt-1", publicKey: randomBytes(32) }),
      start: (request) => {
        const asked = request.proxy;
        let { socksListen = "", httpListen = "" } = asked ?? {};
        outside = asked?.outside ?? Outside.DIRECT;
        if (script.taken?.includes(socksListen)) {
          if (!asked?.socksPreferred) throw failure(Cause.PORT_IN_USE, "proxy.socks_listen");
          socksListen = "";
        }
        writeFileSync(session, JSON.stringify({ socksListen, httpListen }), { mode: 0o600 });
        change({ phase: Phase.CONNECTING });
        const outcome = script.outcome ?? "connected";
        if (outcome === "connected") setImmediate(() => up(socksListen, httpListen));
        else if (outcome === "ends") {
          setImmediate(() => {
            up(socksListen, httpListen);
            // As after a refused renewal: the session's last state remains, and the process stays.
            const { session: last } = state;
            setTimeout(() => {
              rmSync(session, { force: true });
              change({
                phase: Phase.FAILED,
                cause: { cause: Cause.SIGN_IN_EXPIRED },
                ...(last ? { session: last } : {}),
              });
            }, 200);
          });
        } else if (outcome !== "silent") {
          setImmediate(() => change({ phase: Phase.FAILED, cause: { cause: causeByName(outcome) } }));
        }
        return { state };
      },
      stop: () => {
        rmSync(session, { force: true });
        change({ phase: Phase.DISCONNECTED });
        setTimeout(() => {
          rmSync(socket, { force: true });
          process.exit(0);
        }, 20);
        return { state };
      },
      getStates: () => ({ states: [state] }),
      watch: async function* (_request, context) {
        let wake = (): void => undefined;
        const next = (): Promise<void> =>
          new Promise((resolve) => {
            wake = resolve;
          });
        let changed = next();
        const onChange = (): void => wake();
        watchers.add(onChange);
        context.signal.addEventListener("abort", onChange);
        try {
          yield { change: { case: "snapshot" as const, value: { states: [state] } } };
          while (!context.signal.aborted) {
            await changed;
            changed = next();
            if (!context.signal.aborted) yield { change: { case: "changed" as const, value: state } };
          }
        } finally {
          watchers.delete(onChange);
        }
      },
    }),
});

// A tunnel outlives the process that started it. In tests it ends when its directory is removed.
watch(dir, () => {
  if (!existsSync(dir)) process.exit(0);
});

rmSync(socket, { force: true });
createServer(handler).listen(socket, () => {
  if (existsSync(session)) {
    if (script.resume === "session_expired") change({ phase: Phase.FAILED, cause: { cause: Cause.SESSION_EXPIRED } });
    else {
      change({ phase: Phase.RECONNECTING });
      setTimeout(() => up("", ""), 30);
    }
  }
  process.stdout.write(`${JSON.stringify({ ready: true, socket, pid: process.pid })}\n`);
});
