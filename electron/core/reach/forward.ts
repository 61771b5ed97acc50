import { type AddressInfo, createServer, type Socket } from "node:net";
import { Failure } from "../causes/failure.ts";
import { hostPort } from "./address.ts";
import { connectInside, type Way } from "./connect.ts";
import { forwardDatagrams } from "./forward-datagrams.ts";
import { type Forward, type Forwarding, type ForwardParts, notListening } from "./forwarding.ts";
import { ownSocket, sharedLists } from "./owner.ts";

export const openForward = (forward: Forward, parts: ForwardParts): Promise<Forwarding> =>
  forward.protocol === "tcp" ? forwardStreams(forward, parts) : forwardDatagrams(forward, parts);

/** How long a state is used for further connections, ms: reading it takes longer than connecting. */
const stateAge = 1_000;

/** Connects by a recent state. If its proxy is gone, the state is read again. */
function connector(parts: ForwardParts, host: string, port: number): () => Promise<Socket> {
  let known: { way: Promise<Way>; until: number } | undefined;
  const read = (): Promise<Way> => {
    const way = parts.way();
    known = { way, until: performance.now() + stateAge };
    way.catch(() => {
      known = undefined;
    });
    return way;
  };
  return async () => {
    if (!known || performance.now() >= known.until) return connectInside(await read(), host, port);
    try {
      return await connectInside(await known.way, host, port);
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.code === "not_connected")) throw thrown;
      return connectInside(await read(), host, port);
    }
  };
}

function forwardStreams({ listen, host, port }: Forward, parts: ForwardParts): Promise<Forwarding> {
  const clients = new Set<Socket>();
  /** The last connection from each address and port. An earlier one from there has ended. */
  const latest = new Map<string, Socket>();
  const owns = parts.ownSocket ?? ownSocket;
  const lists = sharedLists();
  const connectTarget = connector(parts, host, port);
  const serve = async (client: Socket): Promise<void> => {
    const from = { address: client.remoteAddress ?? "", port: client.remotePort ?? 0 };
    const to = { address: client.localAddress ?? "", port: client.localPort ?? 0 };
    const key = hostPort(from.address, from.port);
    latest.set(key, client);
    client.on("close", () => latest.get(key) === client && latest.delete(key));
    const own = await owns("tcp", from, to, parts.uid, lists);
    // The look-up is by address and port: if another connection has them by now, its client was found.
    if (own === null || latest.get(key) !== client) throw new Failure("in_use_by_another_user");
    const target = await connectTarget();
    clients.add(target);
    target.on("close", () => clients.delete(target));
    // Each direction is closed separately (half-close). An error at one end resets the other end, so that it is not
    // mistaken for a normal end.
    client.on("error", () => target.resetAndDestroy());
    target.on("error", () => client.resetAndDestroy());
    client.pipe(target).pipe(client);
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client);
    client.on("error", () => undefined).on("close", () => clients.delete(client));
    serve(client).catch((thrown) => {
      client.resetAndDestroy();
      parts.onFailure(thrown);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => void notListening(error, listen).then(reject));
    server.listen(listen.port, listen.address, () => {
      const bound = server.address() as AddressInfo;
      resolve({
        at: hostPort(bound.address, bound.port),
        close: () => {
          server.close();
          for (const client of clients) client.destroy();
        },
      });
    });
  });
}
