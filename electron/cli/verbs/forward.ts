import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { hostPort } from "../../core/reach/address.ts";
import { openForward } from "../../core/reach/forward.ts";
import type { Forward, Forwarding } from "../../core/reach/forwarding.ts";
import { connectedIntranet } from "../connected.ts";
import type { Verb } from "../verb.ts";

/** Forwards until Ctrl-C. With --json prints one line once all listeners are open. */
export const forward: Verb<[string[]], { intranet?: string }> = async (context, flags, given) => {
  const { output, signal } = context;
  const forwards = given.map(readForward);
  const { intranet } = await connectedIntranet(context, flags.intranet);
  const parts = {
    way: () => connectedIntranet(context, intranet),
    uid: systemEnvironment().uid,
    onFailure: (thrown: unknown) =>
      output.say(`sag: ${thrown instanceof Failure ? thrown.message : texts.cli.reach.forwardFailed}`),
  };
  const opened: Forwarding[] = [];
  try {
    for (const one of forwards) opened.push(await openForward(one, parts));
    const lines = forwards.map(({ protocol, host, port }, index) => ({
      protocol,
      listen: opened[index]?.at ?? "",
      to: hostPort(host, port),
    }));
    for (const { protocol, listen, to } of lines)
      output.print(texts.cli.reach.forwarded(protocol, listen, to, intranet));
    output.printJson({ ready: true, intranet, forwards: lines });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return 0;
  } finally {
    for (const one of opened) one.close();
  }
};

const pattern =
  /^(?:(tcp|udp):)?(?:(127(?:\.\d{1,3}){3}|localhost|\[::1\]):)?(\d{1,5}):(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]{1,253})):(\d{1,5})$/i;

/** Parses [udp:][ADDRESS:]PORT:HOST:PORT; the address has to be a loopback address. */
export function readForward(text: string): Forward {
  const [, protocol, address, local, six, name, port] = pattern.exec(text) ?? [];
  const host = six ?? name;
  if (host === undefined || Number(local) > 65_535 || Number(port) > 65_535 || Number(port) === 0) {
    throw new Failure("invalid_argument", {
      text: texts.cli.refusals.badForward(text),
    });
  }
  const listen = address === undefined || address === "localhost" ? "127.0.0.1" : address.replace(/^\[|\]$/g, "");
  return {
    protocol: protocol?.toLowerCase() === "udp" ? "udp" : "tcp",
    listen: { address: listen, port: Number(local) },
    host,
    port: Number(port),
  };
}
