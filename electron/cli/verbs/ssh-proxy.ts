import type { Socket } from "node:net";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { connectInside } from "../../core/reach/connect.ts";
import { connectedIntranet } from "../connected.ts";
import type { Verb } from "../verb.ts";

/** Connects standard input and output to HOST PORT, for OpenSSH's ProxyCommand. */
export const sshProxy: Verb<[string, string], { intranet?: string }> = async (context, flags, host, portText) => {
  const port = Number(portText);
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535) {
    throw new Failure("invalid_argument", { text: texts.cli.refusals.badPort(portText) });
  }
  const { signal } = context;
  const way = await connectedIntranet(context, flags.intranet);
  const socket = await connectInside(way, host.replace(/^\[|\]$/g, ""), port, { signal });
  const broken = await relay(socket, signal);
  signal.throwIfAborted();
  // If sag-tunnel was killed, the connection ended as if the peer had closed it; this reports the crash instead.
  await connectedIntranet(context, way.intranetId);
  if (broken) throw new Failure("target_unreachable", { text: "", subject: `${host}:${port}` });
  return 0;
};

/**
 * Relays until the remote end closes, even after standard input has ended. Resolves to true if the connection broke.
 */
function relay(socket: Socket, signal: AbortSignal): Promise<boolean> {
  const { stdin, stdout } = process;
  return new Promise((resolve) => {
    const finish = (broken: boolean): void => {
      stdin.unpipe(socket);
      stdin.pause();
      socket.destroy();
      resolve(broken);
    };
    socket.once("error", () => finish(true));
    socket.once("end", () => finish(false));
    socket.once("close", () => finish(false));
    // The reader is gone, so the failure cannot be printed.
    stdout.once("error", () => finish(false));
    signal.addEventListener("abort", () => finish(false), { once: true });
    stdin.on("error", () => socket.end());
    stdin.pipe(socket);
    socket.pipe(stdout, { end: false });
  });
}
