import { rm } from "node:fs/promises";
import type { Account } from "./account.ts";
import { Failure } from "./causes/failure.ts";
import type { Secret } from "./credentials/secret.ts";
import type { DialSources } from "./dial/run.ts";
import type { Enrolled, EnrolmentDesk } from "./enrolment.ts";
import type { Environment } from "./environment.ts";
import { parseAddress } from "./instance/address.ts";
import type { InstanceApi } from "./instance/api.ts";
import { withLock } from "./lock.ts";
import { Log } from "./logs/log.ts";
import { Machine } from "./machine.ts";
import type { ClientEvent, IntranetInfo, IntranetState, Watching } from "./model.ts";
import { refreshAllPac } from "./reach/all.ts";
import type {
  ConnectOptions,
  DecideIdentity,
  Discovered,
  Invitation,
  PasswordChange,
  SignInOptions,
} from "./requests.ts";
import type { IntranetRecord } from "./settings/schema.ts";
import { chooseIntranet, intranetInfos, SettingsFile, signedOut } from "./settings/settings.ts";
import { askTunnel, Doings, mergeState } from "./states.ts";
import { chooseService, hangUp, leaveOtherMode } from "./tunnel/mode.ts";
import { ensureTunnel, isSessionWanted, tunnelDir } from "./tunnel/process.ts";
import { isInService } from "./tunnel/service.ts";
import { Watch } from "./watch.ts";

/** How long anything about one's own account may take, ms. */
const accountTimeout = 15_000;

/**
 * The Client over real parts. What only some verbs need (TLS, contracts, validation, keychain) is loaded when it is needed, so
 * that a status costs no more than it has to.
 */
export class CoreClient {
  readonly machine: Machine;
  readonly #environment: Environment;
  readonly #settings: SettingsFile;
  readonly #doings = new Doings();
  readonly #watches = new Set<Watch>();
  readonly #onNotice: (text: string) => void;
  readonly #log: Log;

  constructor(environment: Environment, onNotice: (text: string) => void) {
    this.#environment = environment;
    this.machine = new Machine(environment);
    this.#log = new Log(environment, onNotice);
    this.#onNotice = onNotice;
    this.#settings = new SettingsFile(environment, (keptAs) =>
      onNotice(`The settings could not be read and were put aside as ${keptAs}.`),
    );
  }

  async intranets(): Promise<IntranetInfo[]> {
    return intranetInfos(await this.#settings.read());
  }

  async setDefault(intranet: string): Promise<void> {
    await this.#settings.update((settings) => {
      settings.default = chooseIntranet(settings, intranet).id;
    });
  }

  async states({ probe = false }: { probe?: boolean } = {}): Promise<IntranetState[]> {
    const { intranets } = await this.#settings.read();
    return Promise.all(intranets.map((record) => this.#state(record, probe)));
  }

  watch(listener: (event: ClientEvent) => void, { attentive = false }: { attentive?: boolean } = {}): Watching {
    const watch = new Watch(this.#environment, this.machine, this.#settings, this.#doings, listener, attentive);
    this.#watches.add(watch);
    return watch;
  }

  async discover(
    invitation: Invitation,
    options: { decideIdentity?: DecideIdentity; signal?: AbortSignal } = {},
  ): Promise<Discovered> {
    return (await this.#desk()).discover(invitation, options);
  }

  async signIn(options: SignInOptions): Promise<IntranetState> {
    const { record, api } = await (await this.#desk()).signIn(options, true);
    api.close();
    this.#doings.clear(record.id);
    this.#log.info("signed in", { intranet: record.id, server: record.server, store: record.store });
    return this.#state(record, false);
  }

  async connect(intranet?: string, options: ConnectOptions = {}): Promise<IntranetState> {
    const record = chooseIntranet(await this.#settings.read(), intranet);
    const opened: InstanceApi[] = [];
    const api = (signal: AbortSignal): Promise<InstanceApi> => this.#open(record, signal, opened);
    try {
      return await this.#dial(record, options, {
        token: async (refused, signal) => this.#token(record, refused, signal, api),
        api,
      });
    } finally {
      for (const one of opened) one.close();
    }
  }

  async connectOnce(signIn: SignInOptions, options: ConnectOptions = {}): Promise<IntranetState> {
    const desk = await this.#desk();
    let enrolling: Promise<Enrolled> | undefined;
    const enrolled = (): Promise<Enrolled> => {
      options.onStep?.("signing_in");
      enrolling ??= desk.signIn(signIn, false);
      return enrolling;
    };
    try {
      const known = await desk.find(signIn.invitation, signIn.userName);
      // What is up, or comes back by itself, needs no password.
      const isWanted =
        known && (isSessionWanted(this.#environment, known.id) || (await isInService(this.#environment, known.id)));
      const record = isWanted ? known : (await enrolled()).record;
      const { tokensOf } = await import("./credentials/tokens.ts");
      return await this.#dial(record, options, {
        token: async (refused) => {
          if (refused) throw new Failure("sign_in_expired");
          return tokensOf((await (enrolling ?? enrolled())).signedIn, this.#environment.now()).accessToken;
        },
        api: async () => (await (enrolling ?? enrolled())).api,
      });
    } finally {
      (await enrolling?.catch(() => undefined))?.api.close();
    }
  }

  async disconnect(intranet?: string): Promise<IntranetState> {
    const record = chooseIntranet(await this.#settings.read(), intranet);
    await this.#hangUp(record.id);
    return this.#state(record, false);
  }

  async signOut(intranet?: string, { forget = false }: { forget?: boolean } = {}): Promise<IntranetState> {
    const record = chooseIntranet(await this.#settings.read(), intranet);
    await this.#hangUp(record.id);
    if (record.store !== "none")
      await (await import("./goodbye.ts")).endSignIn(this.#environment, record, this.#onNotice);
    await this.#settings.update((settings) => signedOut(settings, record.id, forget));
    if (forget) await rm(tunnelDir(this.#environment, record.id), { recursive: true, force: true });
    this.#doings.clear(record.id);
    this.#log.info("signed out", { intranet: record.id, forgotten: forget });
    return this.#state({ ...record, signedIn: false }, false);
  }

  async changePassword({ intranet, account, ...change }: PasswordChange): Promise<void> {
    const [desk, { whoseOf }] = await Promise.all([this.#desk(), import("./account.ts")]);
    const whose = account ?? whoseOf(chooseIntranet(await this.#settings.read(), intranet));
    await desk.changePassword(whose, change);
    this.#log.info("password changed", { user: whose.userName });
  }

  async account(): Promise<Account> {
    const [desk, { Account }] = await Promise.all([this.#desk(), import("./account.ts")]);
    return new Account(this.#settings, desk, async (record, work) => {
      const opened: InstanceApi[] = [];
      const signal = AbortSignal.timeout(accountTimeout);
      const api = (): Promise<InstanceApi> => this.#open(record, signal, opened);
      try {
        const token = await this.#token(record, undefined, signal, api);
        return await work(await api(), token).catch(async (thrown) => {
          if (!(thrown instanceof Failure) || thrown.code !== "sign_in_expired") throw thrown;
          return work(await api(), await this.#token(record, token, signal, api));
        });
      } finally {
        for (const one of opened) one.close();
      }
    });
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
  }

  async #desk(): Promise<EnrolmentDesk> {
    const { EnrolmentDesk } = await import("./enrolment.ts");
    return new EnrolmentDesk(this.#environment, this.#settings);
  }

  async #state(record: IntranetRecord, probe: boolean): Promise<IntranetState> {
    const asked = askTunnel(this.#environment, record.id, probe);
    const [tunnel, lockdown] = await Promise.all([asked, this.machine.lockdown()]);
    return mergeState(record, tunnel, this.#doings.get(record.id), lockdown);
  }

  /** One dial of an intranet at a time on this machine, told to whoever watches. */
  async #dial(
    record: IntranetRecord,
    options: ConnectOptions,
    sources: Pick<DialSources, "token" | "api">,
  ): Promise<IntranetState> {
    const environment = this.#environment;
    const nameOf = async (id: string) => (await this.#settings.read()).intranets.find((one) => one.id === id)?.name;
    const service = await chooseService(environment, record.id, nameOf, options, this.#onNotice);
    await leaveOtherMode(environment, this.#doings, record.id, service !== null);
    const isWanted = service ? await isInService(environment, record.id) : isSessionWanted(environment, record.id);
    const { runDial } = await import("./dial/run.ts");
    const start = environment.now();
    this.#doings.set(record.id, "connecting");
    try {
      const state = await withLock(environment, `dial-${record.id}`, () =>
        runDial(
          {
            ...sources,
            record,
            mode: service ? "system" : "proxy",
            tunnel: () =>
              service ? Promise.resolve({ socket: service, started: false }) : ensureTunnel(environment, record.id),
            isSessionWanted: () => isWanted,
          },
          options,
        ),
      );
      this.#doings.clear(record.id);
      this.#log.info("connected", {
        intranet: record.id,
        session: state.session?.id,
        accessPoint: state.accessPoint?.id,
        mode: state.mode,
        tookMs: environment.now() - start,
      });
      await this.#rememberPorts(record, state);
      await refreshAllPac(environment, () => this.states());
      return state;
    } catch (thrown) {
      const cause = thrown instanceof Failure ? thrown.code : undefined;
      this.#log.warn("not connected", { intranet: record.id, cause, tookMs: environment.now() - start });
      if (thrown instanceof Failure && !options.signal?.aborted) this.#doings.set(record.id, "failed", thrown.view);
      else this.#doings.clear(record.id);
      throw thrown;
    }
  }

  async #hangUp(intranetId: string): Promise<void> {
    this.#log.info("disconnecting", { intranet: intranetId });
    await hangUp(this.#environment, this.#doings, intranetId);
    await refreshAllPac(this.#environment, () => this.states());
  }

  /** So that a browser or a script that was told an address finds it there next time. */
  async #rememberPorts(record: IntranetRecord, { socks, http }: IntranetState): Promise<void> {
    if (!socks || !http || (record.socks === socks && record.http === http)) return;
    await this.#settings.updateIntranet(record.id, (one) => Object.assign(one, { socks, http }));
  }

  async #token(
    record: IntranetRecord,
    refused: Secret | undefined,
    signal: AbortSignal,
    api: (signal: AbortSignal) => Promise<InstanceApi>,
  ): Promise<Secret> {
    if (!record.signedIn) throw new Failure("sign_in_expired");
    // Opened whether or not a token has to be asked for: the dial that follows needs it, and this way it costs no time.
    api(signal).catch(() => undefined);
    const [{ accessToken }, { openStore }, { deviceIdentity }, { nextPins }] = await Promise.all([
      import("./credentials/tokens.ts"),
      import("./credentials/store.ts"),
      import("./credentials/device.ts"),
      import("./enrolment.ts"),
    ]);
    return accessToken({
      environment: this.#environment,
      intranetId: record.id,
      store: await openStore(this.#environment, record.store),
      deviceId: (await deviceIdentity(this.#environment)).id,
      api: () => api(signal),
      refused,
      signal,
      onRefreshed: async (signedIn, from) => {
        const pins = nextPins(record.pins, from.identity, signedIn.server);
        if (pins.join() === record.pins.join()) return;
        record.pins = pins;
        await this.#settings.updateIntranet(record.id, (one) => Object.assign(one, { pins }));
      },
    });
  }

  #open(record: IntranetRecord, signal: AbortSignal, opened: InstanceApi[] & { opening?: Promise<InstanceApi> }) {
    opened.opening ??= import("./instance/api.ts").then(async ({ InstanceApi }) => {
      const api = await InstanceApi.open(parseAddress(record.server), { pins: record.pins }, { signal });
      opened.push(api);
      return api;
    });
    return opened.opening;
  }
}
