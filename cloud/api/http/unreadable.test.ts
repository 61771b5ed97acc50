import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const port = () => Number(new URL(server.running.url).port);

/** Everything the server sends until it closes the connection. */
function answerTo(socket: Socket, sent: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {}); // the server does not read the rest of a body
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("utf8")));
    socket.write(sent);
  });
}

const plain = (sent: string) => answerTo(connect(port(), "127.0.0.1"), sent);
const secure = (sent: string) =>
  answerTo(
    connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] }),
    sent,
  );

function parse(text: string) {
  const at = text.indexOf("\r\n\r\n");
  const head = text.slice(0, at);
  const body = text.slice(at + 4);
  expect(head).toContain(`\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`);
  expect(head).toContain("\r\nconnection: close");
  return { status: Number(head.split(" ")[1]), body: JSON.parse(body) as Record<string, string> };
}

test.each([
  ["GET", "GET /?Action=DescribeRegions HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["POST", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 22\r\n\r\nAction=DescribeRegions"],
  ["an unfinished POST", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"],
  ["CONNECT", "CONNECT example.com:443 HTTP/1.1\r\n\r\n"],
])("answers plain HTTP (%s) with 400 and says to use https, without a line in the log", async (_name, sent) => {
  const logged = server.lines.length;
  const { status, body } = parse(await plain(sent));
  expect([status, body.Code]).toEqual([400, "InvalidProtocol.NeedSsl"]);
  expect(body.Message).toContain("Use https://");
  expect(body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
  expect(server.lines.length).toBe(logged);
});

test("closes a connection that sends neither TLS nor HTTP, without an answer in HTTP", async () => {
  expect(await plain("SSH-2.0-OpenSSH_9.6\r\n")).not.toContain("HTTP/1.1");
});

test("answers a query above 16 KiB with 431 and an error in the published form", async () => {
  const { status, body } = parse(await secure(`GET /?Name=${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  expect([status, body.Code]).toEqual([431, "InvalidParameter"]);
  expect(body.Message).toContain("body of a POST");
  expect(body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
});

test("answers HTTP/1.1 that cannot be parsed with 400 and an error in the published form", async () => {
  const { status, body } = parse(await secure("GET / HTTP/9\r\n\r\n"));
  expect([status, body.Code]).toEqual([400, "InvalidParameter"]);
});
