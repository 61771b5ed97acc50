import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One malformed exchange: the protocol to connect with, and the bytes to send. */
export interface Malformed {
  kind: "tcp" | "h1" | "h2";
  bytes: Buffer;
}

const methods = ["POST", "GET", "PUT", "OPTIONS", "CONNECT", "PRI", "post", "P\u0001ST", "", "HEAD", "TRACE", "QUERY"];
const hosts = [
  "[",
  "]",
  "[::",
  "[::1]:99999",
  "a b",
  "%",
  "%zz",
  "",
  ":",
  "a:b:c",
  "user@",
  "http://x",
  "\u00ff\u00fe",
  "xn--",
  "..",
  "1.2.3.4.5",
  "0x",
  "a#b",
  "a?b",
  "a/b",
  "a\\b",
  "^",
  "x".repeat(5_000),
  "localhost",
  "[fe80::1%eth0]",
];
const paths = [
  "/sag.client.v1.ClientService/Discover",
  "/sag.client.v1.SessionService/Events",
  "/sag.accesspoint.v1.AccessPointService/Watch",
  "/sag.accesspoint.v1.AccessPointService/Register",
  "/sag.client.v9.X/Y",
  "/",
  "/?Action=DescribeRegions",
  "/?%",
  "/?a=%zz&&&==&a=b",
  "/readyz",
  "/metrics",
  "/healthz?x=[",
  "//",
  "///[",
  "*",
  "http://[",
  "http://[/sag.client.v1.ClientService/Discover",
  "https://user:pass@[::1/",
  "/%",
  "/\u00e9",
  "/a b",
  "?",
  "#",
  "",
  `/${"a".repeat(20_000)}`,
  "/sag.client.v1.ClientService/Discover?connect=v1&message=%zz&encoding=json&base64=1",
  "/sag.client.v1.ClientService/Discover?connect=v1&message=%7B%7D&encoding=json&compression=br",
];
const types = [
  "application/json",
  "application/proto",
  "application/connect+proto",
  "application/connect+json",
  "application/grpc",
  "application/grpc-web",
  "text/plain; charset=",
  ";;;=",
  "",
  "multipart/form-data; boundary=",
];
const odd: [string, string[]][] = [
  ["content-length", ["0", "5", "-1", "99999999999999999999", "1e3", "0x10", "5, 5", "NaN", "262145", ""]],
  ["transfer-encoding", ["chunked", "chunked, chunked", "gzip", "identity", "x", "\tchunked"]],
  ["content-encoding", ["gzip", "br", "deflate", "gzip, gzip", "x", ""]],
  ["connect-content-encoding", ["gzip", "br", "nonsense"]],
  ["connect-protocol-version", ["0", "1", "2", ""]],
  ["connect-timeout-ms", ["0", "-1", "1e9", "99999999999", "x", "1"]],
  ["authorization", ["Bearer", "Bearer ", `Bearer ${"x".repeat(600)}`, "Basic %%%", `Bearer ${"é".repeat(20)}`]],
  ["expect", ["100-continue", "200-ok", ""]],
  ["upgrade", ["websocket", "h2c", "TLS/1.0"]],
  ["connection", ["upgrade", "close", "keep-alive, x", ""]],
  ["accept-encoding", ["gzip;q=-1", "br;q=x", "*;;;"]],
  ["x-acs-date", ["now", "", "9999-99-99T99:99:99Z"]],
  ["x-acs-action", ["DescribeRegions", "__proto__", "constructor"]],
  ["x-forwarded-for", ["[", "1.2.3.4, [", "unknown"]],
  ["cookie", ["a=b", "=".repeat(100)]],
  ["__proto__", ["x"]],
  ["http2-settings", ["%%%"]],
  ["range", ["bytes=0-", "bytes=-"]],
  ["te", ["trailers", "x"]],
  ["host", ["again"]],
];
const bodies = [
  "",
  "{}",
  "{",
  "[]",
  "null",
  '"\\ud800"',
  "\u0000\u0000\u0000\u0000\u0002{}",
  "\u0000\u00ff\u00ff\u00ff\u00ff",
  "\u0002\u0000\u0000\u0000\u0002{}",
  "zz\r\n",
  "5\r\nabc",
  "ffffffffffffffffff\r\n",
  "0\r\nx: y\r\n\r\n",
  '{"__proto__":{"x":1}}',
  '{"hello":{"version":"x","capabilities":[1]}}',
];

/** The next malformed exchange of the generator `random`. */
export function malformed(random: () => number): Malformed {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const noise = (most: number): Buffer =>
    Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256)));
  const kind = random();
  if (kind < 0.2) return { kind: "tcp", bytes: hello(random, noise) };
  if (kind < 0.6) return { kind: "h1", bytes: request1(random, pick, noise) };
  return { kind: "h2", bytes: frames(random, pick, noise) };
}

type Pick = <T>(list: readonly T[]) => T;
type Noise = (most: number) => Buffer;

/** A malformed or truncated ClientHello. */
function hello(random: () => number, noise: Noise): Buffer {
  const length = Math.floor(random() * 600);
  const record = Buffer.concat([
    Buffer.from([
      random() < 0.8 ? 0x16 : Math.floor(random() * 256),
      3,
      Math.floor(random() * 5),
      length >> 8,
      length & 255,
    ]),
    Buffer.from([1, 0, length >> 8, length & 255, 3, 3]),
    noise(300),
  ]);
  return record.subarray(0, Math.ceil(random() * record.length));
}

function request1(random: () => number, pick: Pick, noise: Noise): Buffer {
  const lines = [`${pick(methods)} ${pick(paths)} HTTP/${pick(["1.1", "1.1", "1.1", "1.0", "0.9", "2.0", "x"])}`];
  if (random() < 0.9) lines.push(`Host: ${pick(hosts)}`);
  if (random() < 0.7) lines.push(`Content-Type: ${pick(types)}`);
  for (let i = Math.floor(random() * 4); i > 0; i--) {
    const [name, values] = pick(odd);
    lines.push(`${name}${random() < 0.05 ? " " : ""}:${pick(values)}`);
  }
  if (random() < 0.05) lines.push(...Array.from({ length: 3_000 }, (_, i) => `x-${i}: y`));
  if (random() < 0.05) lines.push(noise(40).toString("latin1"));
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const whole = Buffer.concat([
    head,
    Buffer.from(pick(bodies), "latin1"),
    random() < 0.2 ? noise(200) : Buffer.alloc(0),
  ]);
  return random() < 0.1 ? whole.subarray(0, Math.floor(random() * whole.length)) : whole;
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

function frame(type: number, flags: number, stream: number, payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length & 0xffffff, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A header field without indexing (RFC 7541, 6.2.2), with literal name and value and without Huffman coding. */
function literal(name: string, value: string): Buffer {
  const text = (of: string): Buffer => {
    const bytes = Buffer.from(of, "latin1");
    if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    const size = [127];
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...size, rest]), bytes]);
  };
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function frames(random: () => number, pick: Pick, noise: Noise): Buffer {
  const out: Buffer[] = [random() < 0.97 ? preface : preface.subarray(0, Math.floor(random() * preface.length))];
  if (random() < 0.95) out.push(frame(4, 0, 0, random() < 0.9 ? Buffer.alloc(0) : noise(12)));
  let stream = 1;
  for (let i = 1 + Math.floor(random() * 4); i > 0; i--) {
    if (random() < 0.25) {
      const flags = Math.floor(random() * 256);
      const length = random() < 0.8 ? undefined : Math.floor(random() * 70_000);
      out.push(frame(Math.floor(random() * 12), flags, Math.floor(random() * 4), noise(40), length));
      continue;
    }
    const headers: [string, string][] = [
      [":method", pick(methods)],
      [":scheme", pick(["https", "http", "", "x"])],
      [":path", pick(paths)],
    ];
    if (random() < 0.85) headers.push([":authority", pick(hosts)]);
    if (random() < 0.2) headers.push(["host", pick(hosts)]);
    if (random() < 0.7) headers.push(["content-type", pick(types)]);
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      const [name, values] = pick(odd);
      headers.push([random() < 0.95 ? name : name.toUpperCase(), pick(values)]);
    }
    if (random() < 0.1) headers.push(pick(headers));
    if (random() < 0.1) headers.splice(Math.floor(random() * headers.length), 1);
    const block = Buffer.concat(headers.map(([name, value]) => literal(name, value)));
    const body = Buffer.from(pick(bodies), "latin1");
    const ends = random() < 0.3 ? 1 : 0;
    // Frames are limited to 16 KiB unless the peer allows more; sometimes exceed that.
    out.push(frame(1, 4 | ends, stream, random() < 0.9 ? block.subarray(0, 16_384) : block));
    if (!ends) out.push(frame(0, random() < 0.7 ? 1 : 0, stream, body));
    if (random() < 0.2) out.push(frame(3, 0, stream, Buffer.from([0, 0, 0, Math.floor(random() * 16)])));
    stream += 2;
  }
  return Buffer.concat(out);
}

/** Sends a malformed exchange and waits until the server answers or closes, at most `patienceMs`; then destroys the connection. */
export function sendMalformed({ kind, bytes }: Malformed, port: number, patienceMs = 40): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket =
      kind === "tcp"
        ? connectTcp(port, "127.0.0.1")
        : connectTls({
            port,
            host: "127.0.0.1",
            servername: "localhost",
            rejectUnauthorized: false,
            ALPNProtocols: [kind === "h2" ? "h2" : "http/1.1"],
          });
    // A server may legitimately not answer; then give up after `patienceMs`, as a client would.
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    socket.on("error", end);
    socket.on("close", end);
    socket.on(kind === "tcp" ? "connect" : "secureConnect", () => {
      socket.write(bytes);
      timer = setTimeout(end, patienceMs);
    });
    socket.on("data", (chunk) => {
      // In HTTP/2 the server's SETTINGS come first; wait for a larger chunk.
      if (kind !== "h2" || chunk.length > 64) setImmediate(end);
    });
  });
}
