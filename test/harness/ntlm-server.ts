import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface NtlmServer {
  port: number;
  /** The number of requests on each connection, in the order of the connections. */
  connections: number[];
  close: () => void;
}

/** NTLMSSP's second message: no target, flags for Unicode and NTLM, a fixed challenge ([MS-NLMP] 2.2.1.2). */
function challenge(): string {
  const message = Buffer.alloc(56);
  message.write("NTLMSSP\0", "latin1");
  message.writeUInt32LE(2, 8);
  message.writeUInt32LE(56, 16);
  message.writeUInt32LE(0x8201, 20);
  message.write("12345678", 24, "latin1");
  message.writeUInt32LE(56, 44);
  return message.toString("base64");
}

/** Authenticates connections instead of requests, in three steps as IIS does with NTLM. It accepts any password. */
export async function startNtlmServer(): Promise<NtlmServer> {
  const steps = new Map<Socket, { step: number; number: number }>();
  const connections: number[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const state = steps.get(request.socket) ?? { step: 0, number: connections.push(0) - 1 };
    steps.set(request.socket, state);
    connections[state.number] = (connections[state.number] ?? 0) + 1;
    request.resume();
    const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
    const type = scheme === "NTLM" ? Buffer.from(token, "base64")[8] : undefined;
    if (state.step === 2 || (type === 3 && state.step === 1)) {
      state.step = 2;
      const text = `welcome on connection ${state.number + 1}\n`;
      response.writeHead(200, { "Content-Length": text.length }).end(text);
      return;
    }
    if (type === 1) state.step = 1;
    response
      .writeHead(401, { "WWW-Authenticate": type === 1 ? `NTLM ${challenge()}` : "NTLM", "Content-Length": 0 })
      .end();
  };
  const server: Server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, connections, close };
}
