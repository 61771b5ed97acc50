import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { needsProgram } from "../test/harness/needs.ts";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { newDevice, newKey, password } from "./testing/person.ts";
import { clientsOf, get, startServer, type TestServer } from "./testing/server.ts";

const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
let base = "";
let server: TestServer;
let proxy: ChildProcess | undefined;
let url = "";

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** nginx as Debian packages it, with a minimal reverse-proxy configuration and private paths. */
async function startNginx(): Promise<void> {
  base = mkdtempSync(join(tmpdir(), "sag-nginx-"));
  const port = await freePort();
  for (const folder of ["body", "proxy", "fastcgi", "uwsgi", "scgi"]) mkdirSync(join(base, folder));
  const [cert, key] = [join(base, "cert.pem"), join(base, "key.pem")];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    "/CN=localhost",
  ];
  spawnSync("openssl", [...made, "-keyout", key, "-out", cert, "-days", "2"]);
  const temporary = ["client_body:body", "proxy:proxy", "fastcgi:fastcgi", "uwsgi:uwsgi", "scgi:scgi"].map((pair) => {
    const [name, folder] = pair.split(":");
    return `${name}_temp_path ${join(base, folder ?? "")};`;
  });
  const config = `
    daemon off; worker_processes 1; pid ${join(base, "pid")}; error_log ${join(base, "error.log")};
    ${process.getuid?.() === 0 ? "user root;" : ""}
    events {}
    http {
      access_log off; ${temporary.join(" ")}
      server {
        listen 127.0.0.1:${port} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;
        location / {
          proxy_pass ${server.running.url};
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
        location /plain/ { proxy_pass ${server.running.url}/; }
      }
    }`;
  const file = join(base, "nginx.conf");
  writeFileSync(file, config);
  proxy = spawn(nginx ?? "", ["-c", file, "-e", join(base, "error.log")], { stdio: ["ignore", "inherit", "inherit"] });
  url = `https://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await get(url, "/healthz")).status).toBe(200), {
    timeout: 10_000,
    interval: 50,
  });
}

beforeAll(async () => {
  server = await startServer(undefined, { trustedProxy: ["127.0.0.0/8"] });
  if (nginx) await startNginx();
}, 30_000);
afterAll(async () => {
  proxy?.kill();
  await server.close();
  if (base) rmSync(base, { recursive: true, force: true });
});

beforeEach((context) => needsProgram(context, "nginx"));

test.each(["1.1", "2"] as const)(
  "behind nginx with its defaults, HTTP/%s: calls are answered and events arrive at once",
  async (httpVersion) => {
    const instance = (await server.ask("instance create", {
      name: `Contoso ${httpVersion}`,
      cidrs: [`10.8${httpVersion.length}.0.0/24`],
    })) as {
      id: string;
      enterpriseCode: string;
    };
    const of = { instance: instance.id };
    await server.ask("account create", {
      ...of,
      user: "anna.test",
      mail: "a@example.com",
      password,
      mustChange: false,
    });
    const through = { baseUrl: url, httpVersion, nodeOptions: { rejectUnauthorized: false } };
    const point = await registerAccessPoint(url, server.ask, `point ${httpVersion}`);
    const bear = (token: string) =>
      createConnectTransport({
        ...through,
        interceptors: [
          (next) => (request) => {
            request.header.set("authorization", `Bearer ${token}`);
            return next(request);
          },
        ],
      });
    const abort = new AbortController();
    const watching = createClient(AccessPointService, bear(point.identity)).watch(
      {
        hello,
        description: {
          name: "x",
          publicKey: new Uint8Array(32).fill(7),
          endpoints: [{ transport: 1, host: "127.0.0.1", port: 1 }],
          mode: 1,
          bootId: point.bootId,
        },
      },
      { signal: abort.signal },
    );
    const peers = watching[Symbol.asyncIterator]();
    expect((await peers.next()).value?.change.case).toBe("snapshot");

    const request = {
      hello,
      enterpriseCode: instance.enterpriseCode,
      userName: "anna.test",
      password,
      device: newDevice(),
    };
    const { signedIn } = await clientsOf(url).client.signIn(request);
    const update = peers.next();
    const { session } = await clientsOf(url, signedIn?.tokens?.accessToken).client.dial({
      hello,
      mode: 1,
      publicKey: newKey(),
    });
    expect((await update).value?.change.case).toBe("delta");

    const events = createClient(SessionService, bear(session?.sessionToken ?? "")).events(
      { hello },
      { signal: abort.signal },
    );
    const stream = events[Symbol.asyncIterator]();
    expect((await stream.next()).value?.event.case).toBe("opened");
    const next = stream.next();
    await server.ask("route add", { ...of, routes: ["10.77.0.0/16"] });
    expect((await next).value?.event.case).toBe("profileChanged");
    abort.abort();
  },
);

test("the client's address is that of X-Forwarded-For, and metrics stay inside", async () => {
  expect((await get(url, "/metrics")).status).toBe(404);
  expect((await get(url, "/plain/metrics", { host: "127.0.0.1" })).status).toBe(404);
  expect((await get(url, "/readyz")).body).toBe('{"ready":true}');
});
