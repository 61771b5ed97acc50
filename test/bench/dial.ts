import { once } from "node:events";
import { type Client, createClient } from "../../electron/core/client/client.ts";
import { systemEnvironment } from "../../electron/core/host/environment.ts";
import { addresses } from "../harness/intranet/plan.ts";
import { median } from "../harness/net/measure.ts";
import { socksConnect } from "../harness/net/socks.ts";
import { Person, type Seen } from "../harness/person.ts";
import { Processes } from "../harness/processes.ts";
import { Site, userName } from "../harness/site.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { relayDelayed } from "./delayed-relay.ts";
import { type Measured, round, Samples } from "./measured.ts";

const rounds = 50;
const shortRounds = 10;
/** Delay after which the access point learns of a peer, ms; longer than the 300 ms that Dial waits for it. */
const delayMs = 500;

/** How long a dial takes on loopback, with and without the start of the process, and in which steps. */
export const dial = async (short: boolean): Promise<Measured> => {
  const workspace = createWorkspace("bench");
  const processes = new Processes(workspace.logs);
  const site = new Site(processes, workspace);
  try {
    await Promise.all([site.startCloud(), site.startIntranet()]);
    const [token] = await Promise.all([site.createToken(2), site.createInstance()]);
    const [password, link] = await Promise.all([site.createAccount(), site.createLink()]);
    const prompt = await site.startAccessPoint("access-point", { token });
    const person = new Person(workspace.home("anna"));
    await person.signIn(link, userName, password);

    const count = short ? shortRounds : rounds;
    const samples = new Samples();
    const client = createClient({ environment: systemEnvironment(person.env) });
    for (let i = 0; i < count; i++) {
      await inProcess(client, samples);
      if (i % 5 === 0) await fromTheShell(person, samples);
    }
    client.close();
    // A device of its own: the cloud answers 60 dials a minute of each.
    const other = new Person(workspace.home("anna-laptop"));
    await other.signIn(link, userName, password);
    const secondDevice = createClient({ environment: systemEnvironment(other.env) });
    const late = await latePeer(site, prompt, token, secondDevice, short ? 3 : 10);
    secondDevice.close();
    const figures: Record<string, number> = { ...samples.medians(), ...late };
    const total = figures.dialToFirstByteMs ?? Number.NaN;
    const share = (name: string): number => round((figures[name] ?? Number.NaN) / total);
    return {
      rounds: count,
      figures,
      ratios: {
        dialShare: share("dialMs"),
        startShare: share("startMs"),
        handshakeShare: share("handshakeMs"),
        firstByteShare: share("firstByteMs"),
      },
    };
  } finally {
    await endProcessesOf(workspace.dir);
    await processes.stopAll();
    workspace.remove();
  }
};

/** One dial by core in this warmed-up process: its steps, and the first byte from the intranet. */
const inProcess = async (client: Client, samples: Samples): Promise<void> => {
  const at: Record<string, number> = {};
  const begin = performance.now();
  const state = await client.connect(undefined, {
    onStep: (step) => {
      at[step] ??= performance.now();
    },
  });
  const up = performance.now();
  await firstByte(`${state.socks}`);
  const end = performance.now();
  const dialling = at.dialling ?? begin;
  const starting = at.starting ?? dialling;
  const waiting = at.waiting ?? starting;
  samples.add("connectToFirstByteMs", end - begin);
  samples.add("dialToFirstByteMs", end - dialling);
  samples.add("prepareMs", dialling - begin);
  samples.add("dialMs", starting - dialling);
  samples.add("startMs", waiting - starting);
  samples.add("handshakeMs", up - waiting);
  samples.add("firstByteMs", end - up);
  await client.disconnect();
};

/** The same with `sag connect`, including the start of Node.js, which users wait for as well. */
const fromTheShell = async (person: Person, samples: Samples): Promise<void> => {
  const begin = performance.now();
  const seen: Seen = await person.connect();
  await firstByte(`${seen.socks}`);
  samples.add("keyPressToFirstByteMs", performance.now() - begin);
  await person.disconnect();
};

const firstByte = async (socks: string): Promise<void> => {
  const socket = await socksConnect(socks, addresses.echo, 7);
  socket.write("x");
  await once(socket, "data");
  socket.destroy();
};

/** The access point learns of the peer after Dial was answered, when plain WireGuard would retry only after 5 s. */
const latePeer = async (
  site: Site,
  prompt: { stop(): Promise<void> },
  token: string,
  client: Client,
  count: number,
): Promise<Record<string, number>> => {
  await prompt.stop();
  const { hostname, port } = new URL(site.cloud.ready.url);
  const relay = await relayDelayed(hostname, Number(port), delayMs);
  try {
    const { id } = (await site.startAccessPoint("late-access-point", { token, cloud: `https://${relay.address}` }))
      .ready;
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      let dialling = performance.now();
      const state = await client.connect(undefined, {
        accessPoint: id,
        onStep: (step) => {
          if (step === "dialling") dialling = performance.now();
        },
      });
      await firstByte(`${state.socks}`);
      times.push(performance.now() - dialling);
      await client.disconnect();
    }
    return { latePeerMs: round(median(times)), latePeerWorstMs: round(Math.max(...times)) };
  } finally {
    relay.close();
  }
};
