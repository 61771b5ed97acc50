import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** TTL of answers, s. */
const ttl = 60;
const typeA = 1;
const typeAaaa = 28;
const noError = 0;
const formatError = 1;
const nameError = 3;
const refused = 5;
const notImplemented = 4;

/** As an address: the query is never answered. */
export const silence = "silence";

export interface Question {
  name: string;
  type: number;
}

/** Parses a query; undefined if the message is not a query with exactly one question. */
export const readQuestion = (query: Buffer): { question: Question; end: number } | undefined => {
  if (query.length < 17 || query.readUInt16BE(4) !== 1 || (query.readUInt8(2) & 0x80) !== 0) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
    if (length === 0) break;
    labels.push(query.toString("latin1", at - length, at).toLowerCase());
  }
  if (at + 4 > query.length) return undefined;
  return { question: { name: labels.join("."), type: query.readUInt16BE(at) }, end: at + 4 };
};

/** Answers one query from the records; refuses names outside the domain. */
export const answer = (query: Buffer, records: Record<string, string>, domain: string): Buffer | undefined => {
  if (query.length < 12) return undefined;
  const read = readQuestion(query);
  if (!read) return reply(query, query.subarray(12, 12), 0, notImplemented, undefined);
  const { question, end } = read;
  const isOurs = question.name === domain || question.name.endsWith(`.${domain}`);
  const address = records[question.name];
  if (address === silence) return undefined;
  const code = address || question.name === domain ? noError : isOurs ? nameError : refused;
  return reply(query, query.subarray(12, end), 1, code, question.type === typeA ? address : undefined);
};

const reply = (
  query: Buffer,
  question: Buffer,
  questions: number,
  code: number,
  address: string | undefined,
): Buffer => {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // An authoritative answer; RD is copied from the query, RA is not set.
  header.writeUInt16BE(0x8400 | (query.readUInt16BE(2) & 0x0100) | code, 2);
  header.writeUInt16BE(questions, 4);
  header.writeUInt16BE(address ? 1 : 0, 6);
  if (!address) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttl, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split(".").map(Number)).copy(record, 12);
  return Buffer.concat([header, question, record]);
};

export interface NameServer {
  port: number;
  close(): void;
}

/**
 * `lossy` drops the first datagram with a question; `without EDNS` answers FORMERR to EDNS queries, as servers before
 * RFC 2671 do.
 */
export const nameServerKinds = ["prompt", "slow", "lossy", "without EDNS"] as const;
/** `without AAAA` never answers AAAA queries; it is not drawn at random. */
export type NameServerKind = (typeof nameServerKinds)[number] | "without AAAA";

/** Delay of a slow name server, ms. */
const slowness = 150;

/** Serves the records over UDP and TCP on one port (0 = any free one); reports every query. */
export const serveNames = async (
  host: string,
  records: Record<string, string>,
  domain: string,
  tell: (question: Question) => void,
  wantedPort = 0,
  kind: NameServerKind = "prompt",
): Promise<NameServer> => {
  const respond = (query: Buffer): Buffer | undefined => {
    const read = readQuestion(query);
    if (read) tell(read.question);
    if (kind === "without AAAA" && read?.question.type === typeAaaa) return undefined;
    // The OPT record is the only additional record of a query (RFC 6891).
    if (kind === "without EDNS" && query.length >= 12 && query.readUInt16BE(10) > 0) {
      return reply(query, query.subarray(12, 12), 0, formatError, undefined);
    }
    return answer(query, records, domain);
  };
  const heard = new Set<string>();
  const isLost = (query: Buffer): boolean => {
    const question = readQuestion(query)?.question;
    const key = `${question?.name} ${question?.type}`;
    if (kind !== "lossy" || heard.has(key)) return false;
    heard.add(key);
    return true;
  };
  const tcp = createServer((socket) => serveStream(socket, respond));
  tcp.listen(wantedPort, host);
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  udp.on("message", (query, from) => {
    if (isLost(query)) return;
    const response = respond(query);
    const send = (): void => {
      if (response) udp.send(response, from.port, from.address, () => undefined);
    };
    if (kind === "slow") setTimeout(send, slowness);
    else send();
  });
  udp.bind(port, host);
  await once(udp, "listening");
  const close = (): void => {
    tcp.close();
    udp.close();
  };
  return { port, close };
};

/** DNS over TCP: a length precedes each message (RFC 1035 4.2.2). */
const serveStream = (socket: Socket, respond: (query: Buffer) => Buffer | undefined): void => {
  let pending = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const response = respond(pending.subarray(2, end));
      pending = pending.subarray(end);
      if (!response) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(response.length);
      socket.write(Buffer.concat([length, response]));
    }
  });
};
