import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface DelayedRelay {
  /** HOST:PORT. */
  address: string;
  close(): void;
}

/** Relays connections to HOST:PORT and delays the answers by `delayMs`, in order. */
export const relayDelayed = async (host: string, port: number, delayMs: number): Promise<DelayedRelay> => {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on("data", async (chunk) => {
      await delay(delayMs);
      near.write(chunk);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};
