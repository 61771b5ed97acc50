import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import type { Account } from "../account/account.ts";
import type { Enrolled, EnrolmentDesk } from "../account/enrolment.ts";
import { Failure } from "../causes/failure.ts";
import { ofIntranet } from "../causes/of-intranet.ts";
import type { Secret } from "../credentials/secret.ts";
import type { DialSources } from "../dial/run.ts";
import type { Environment } from "../host/environment.ts";
import { withLock } from "../host/lock.ts";
import { parseAddress } from "../instance/address.ts";
import type { InstanceApi } from "../instance/api.ts";
import { Log } from "../logs/log.ts";
import { refreshAllPac } from "../reach/all.ts";
import { movedPorts } from "../reach/moved-ports.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { chooseIntranet, intranetInfos, SettingsFile, signedOut } from "../settings/settings.ts";
import { askTunnel, endOf, failureOf, isTunnelUp, mergeState } from "../state/merge.ts";
import { ProgressStore } from "../state/progress.ts";
import { Watch } from "../state/watch.ts";
import { Lockdown } from "../tunnel/lockdown.ts";
import { chooseService, hangUp, leaveOtherMode } from "../tunnel/mode.ts";
import { ensureTunnel, isSessionWanted, runtimeDirs } from "../tunnel/process.ts";
import { noteIntranet } from "../tunnel/running.ts";
import { isInService } from "../tunnel/service.ts";
import type { ClientEvent, IntranetInfo, IntranetState, StoreWord, Watching } from "./model.ts";
import type {
  ConnectOptions,
  DecideIdentity,
  Discovered,
  Invitation,
  PasswordChange,
  ReplaceIdentity,
  SignInOptions,
} from "./requests.ts";

/** Time limit for requests about the user's own account, ms. */
const accountTimeout = 15_000;

/**
 * The Client. Parts that only some calls need (TLS, contracts, validation, keychain) are loaded on first use, so that
 * `sag status` starts fast.
 */
export class CoreClient {
  readonly lockdown: Lockdown;
  readonly #environment: Environment;
  readonly #settings: SettingsFile;
  readonly #progress: ProgressStore;
  readonly #watches = new Set<Watch>();
  readonly #onNotice: (text: string) => void;
  readonly #log: Log;

  constructor(environment: Environment, onNotice: (text: string) => void) {
    this.#environment = environment;
    this.lockdown = new Lockdown(environment);
    this.#progress = new ProgressStore(environment);
    this.#log = new Log(environment, onNotice);
    this.#onNotice = onNotice;
    this.#settings = new SettingsFile(environment, (keptAs) => onNotice(texts.core.settings.putAside(keptAs)));
  }

  async intranets(): Promise<IntranetInfo[]> {
    return intranetInfos(await this.#settings.read());
  }

  async intranet(intranet?: string): Promise<IntranetInfo> {
    const settings = await this.#settings.read();
    const { id } = chooseIntranet(settings, intranet);
    return intranetInfos(settings).find((one) => one.intranetId === id) as IntranetInfo;
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
    const watch = new Watch(this.#environment, this.lockdown, this.#settings, this.#progress, listener, attentive);
    this.#watches.add(watch);
    return watch;
  }

  async discover(
    invitation: Invitation,
    options: { decideIdentity?: DecideIdentity; replaceIdentity?: ReplaceIdentity; signal?: AbortSignal } = {},
  ): Promise<Discovered> {
    return (await this.#desk()).discover(invitation, options);
  }

  async signIn(options: SignInOptions): Promise<IntranetState> {
    const { record, api } = await (await this.#desk()).signIn(options, true);
    api.close();
    this.#progress.clear(record.id);
    await this.#noteSignIn(record);
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
      // An intranet that is connected or reconnects by itself needs no password.
      const isWanted =
        known && (isSessionWanted(this.#environment, known.id) || (await isInService(this.#environment, known.id)));
      const record = isWanted ? known : (await enrolled()).record;
      const { tokensOf } = await import("../credentials/tokens.ts");
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
      await (await import("../account/sign-out.ts")).endSignIn(this.#environment, record, this.#onNotice);
    await this.#settings.update((settings) => signedOut(settings, record.id, forget));
    if (forget) {
      const places = runtimeDirs(this.#environment).map((dir) => join(dir, record.id));
      for (const dir of places) await rm(dir, { recursive: true, force: true });
    }
    this.#progress.clear(record.id);
    this.#log.info("signed out", { intranet: record.id, forgotten: forget });
    return this.#state({ ...record, signedIn: false }, false);
  }

  async checkStore(store: StoreWord): Promise<void> {
    await (await (await import("../credentials/store.ts")).openStore(this.#environment, store)).check();
  }

  async changePassword({ intranet, account, ...change }: PasswordChange): Promise<void> {
    const [desk, { whoseOf }] = await Promise.all([this.#desk(), import("../account/account.ts")]);
    const whose = account ?? whoseOf(chooseIntranet(await this.#settings.read(), intranet));
    await desk.changePassword(whose, change);
    this.#log.info("password changed", { user: whose.userName });
  }

  async account(): Promise<Account> {
    const [desk, { Account }] = await Promise.all([this.#desk(), import("../account/account.ts")]);
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
      } catch (failure) {
        const thrown = ofIntranet(failure, record);
        if (thrown instanceof Failure && thrown.code === "sign_in_expired") await this.#noteFailure(record, thrown);
        throw thrown;
      } finally {
        for (const one of opened) one.close();
      }
    });
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
  }

  /** Records in the settings that a tunnel's failure is older than this sign-in. */
  async #noteSignIn(record: IntranetRecord): Promise<void> {
    const tunnel = await askTunnel(this.#environment, record.id, false);
    const failed = tunnel !== "dead" && tunnel?.phase === "PHASE_FAILED" ? tunnel : null;
    const note = { endedSession: failed?.session?.sessionId };
    Object.assign(record, note);
    await this.#settings.updateIntranet(record.id, (one) => Object.assign(one, note));
  }

  async #desk(): Promise<EnrolmentDesk> {
    const { EnrolmentDesk } = await import("../account/enrolment.ts");
    return new EnrolmentDesk(this.#environment, this.#settings);
  }

  async #state(record: IntranetRecord, probe: boolean): Promise<IntranetState> {
    const asked = askTunnel(this.#environment, record.id, probe);
    const [tunnel, lockdown] = await Promise.all([asked, this.lockdown.view()]);
    return mergeState(record, tunnel, this.#progress.get(record.id), lockdown);
  }

  /** Dials once and reports progress and outcome to watchers. */
  async #dial(
    record: IntranetRecord,
    options: ConnectOptions,
    sources: Pick<DialSources, "token" | "api">,
  ): Promise<IntranetState> {
    const start = this.#environment.now();
    const before = this.#progress.failure(record.id);
    try {
      return await this.#dialOnce(record, options, sources, start);
    } catch (failure) {
      const thrown = ofIntranet(await this.#withReason(record, failure, before), record);
      const cause = thrown instanceof Failure ? thrown.code : undefined;
      this.#log.warn("not connected", { intranet: record.id, cause, tookMs: this.#environment.now() - start });
      if (options.signal?.aborted) this.#progress.clear(record.id);
      else await this.#noteFailure(record, thrown instanceof Failure ? thrown : new Failure("unknown"));
      throw thrown;
    }
  }

  /** Adds why the sign-in has ended, which only the former session or attempt knows if no sign-in is saved. */
  async #withReason(record: IntranetRecord, thrown: unknown, before: Failure | undefined): Promise<unknown> {
    if (!(thrown instanceof Failure) || thrown.code !== "sign_in_expired" || thrown.details.key) return thrown;
    const tunnel = await askTunnel(this.#environment, record.id, false).catch(() => null);
    const ended = endOf(tunnel, record) ?? before;
    if (ended?.code !== "sign_in_expired" || !ended.details.key) return thrown;
    return new Failure(thrown.code, { ...thrown.details, ...ended.details }, { cause: thrown });
  }

  /** Keeps a failure for every program, unless a tunnel is up in spite of it. */
  async #noteFailure(record: IntranetRecord, failure: Failure): Promise<void> {
    const tunnel = await askTunnel(this.#environment, record.id, false).catch(() => null);
    if (isTunnelUp(tunnel)) this.#progress.clear(record.id);
    else if (!this.#progress.isOthers(record.id)) this.#progress.fail(record.id, failure, failureOf(tunnel));
  }

  /** Dials under a lock, so that this user's processes dial an intranet one at a time. */
  async #dialOnce(
    record: IntranetRecord,
    options: ConnectOptions,
    sources: Pick<DialSources, "token" | "api">,
    start: number,
  ): Promise<IntranetState> {
    const environment = this.#environment;
    const nameOf = async (id: string) => (await this.#settings.read()).intranets.find((one) => one.id === id)?.name;
    const service = await chooseService(environment, record, nameOf, options, this.#onNotice);
    await leaveOtherMode(environment, this.#progress, record.id, service !== null);
    const isWanted = service ? await isInService(environment, record.id) : isSessionWanted(environment, record.id);
    const { runDial } = await import("../dial/run.ts");
    let noted: Promise<void> | undefined;
    const tunnel = async (): Promise<{ socket: string; started: boolean }> => {
      const found = service ? { socket: service, started: false } : await ensureTunnel(environment, record.id);
      noted = noteIntranet(environment, record, service ? null : dirname(found.socket));
      return found;
    };
    const mode = service ? "system" : "proxy";
    const isWithdrawn = (): boolean => this.#progress.isWithdrawn(record.id);
    const state = await withLock(environment, `dial-${record.id}`, () => {
      this.#progress.set(record.id, "connecting");
      return runDial({ ...sources, record, mode, tunnel, isSessionWanted: () => isWanted, isWithdrawn }, options);
    });
    this.#progress.clear(record.id);
    this.#log.info("connected", {
      intranet: record.id,
      session: state.session?.id,
      accessPoint: state.accessPoint?.id,
      mode: state.mode,
      tookMs: environment.now() - start,
    });
    await noted;
    for (const text of await movedPorts(record, state, options)) this.#onNotice(text);
    // The tunnel is up, so a failure to store settings for next time is only a notice.
    await this.#rememberPorts(record, state).catch((thrown) => this.#tellTrouble(thrown));
    await refreshAllPac(environment, () => this.states()).catch((thrown) => this.#tellTrouble(thrown));
    return state;
  }

  async #hangUp(intranetId: string): Promise<void> {
    this.#log.info("disconnecting", { intranet: intranetId });
    await hangUp(this.#environment, this.#progress, intranetId);
    await refreshAllPac(this.#environment, () => this.states());
  }

  #tellTrouble(thrown: unknown): void {
    this.#onNotice(thrown instanceof Failure ? thrown.message : texts.core.settings.notWritten);
  }

  /** Keeps the ports, so that a browser or script configured with an address works next time too. */
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
    // Opens the connection even if the stored token is still good, because the dial that follows needs it.
    api(signal).catch(() => undefined);
    const [{ accessToken }, { openStore }, { deviceIdentity }, { nextPins, signInEnd }] = await Promise.all([
      import("../credentials/tokens.ts"),
      import("../credentials/store.ts"),
      import("../credentials/device.ts"),
      import("../account/enrolment.ts"),
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
        const signInEnds = signInEnd(signedIn, this.#environment.now()) ?? record.signInEnds;
        // Ends that differ only by the transmission time count as equal.
        const isSame = Math.abs((signInEnds ?? 0) - (record.signInEnds ?? 0)) < 60_000;
        if (pins.join() === record.pins.join() && isSame) return;
        Object.assign(record, { pins, signInEnds });
        await this.#settings.updateIntranet(record.id, (one) => Object.assign(one, { pins, signInEnds }));
      },
    });
  }

  #open(record: IntranetRecord, signal: AbortSignal, opened: InstanceApi[] & { opening?: Promise<InstanceApi> }) {
    opened.opening ??= import("../instance/api.ts").then(async ({ InstanceApi }) => {
      const api = await InstanceApi.open(parseAddress(record.server), { pins: record.pins }, { signal });
      opened.push(api);
      return api;
    });
    return opened.opening;
  }
}
