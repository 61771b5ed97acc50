import { durationMs } from "@bufbuild/protobuf/wkt";
import { Mode } from "#proto/types/v1/state_pb.js";
import { texts } from "../../../common/text/index.ts";
import { Failure, plainText } from "../causes/failure.ts";
import type { ModeWord } from "../client/model.ts";
import type { DecideIdentity } from "../client/requests.ts";
import type { Secret } from "../credentials/secret.ts";
import type { InstanceApi } from "../instance/api.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { chooseIntranet, type SettingsFile } from "../settings/settings.ts";
import type { EnrolmentDesk, Whose } from "./enrolment.ts";

/** Identifies an account: by a listed intranet, or by an invitation and a user name. */
export interface AccountOf {
  intranet?: string;
  account?: Whose;
  decideIdentity?: DecideIdentity;
  signal?: AbortSignal;
}

export interface DeviceInfo {
  id: string;
  name: string;
  platform: string;
  /** ms ago. */
  firstSeenMs: number;
  lastSeenMs: number;
  signedIn: boolean;
  /** Whether this is the device the client runs on. */
  thisDevice: boolean;
}

export interface OwnSessionInfo {
  id: string;
  deviceId: string;
  deviceName: string;
  addresses: string[];
  mode: ModeWord | null;
  ageMs: number;
  thisDevice: boolean;
}

/** A new second factor; it takes effect once a code made with it was accepted. */
export interface NewSecondFactor {
  /** For a QR code. */
  uri: Secret;
  /** Base32, for typing it in. */
  secret: Secret;
  /** How long it can be confirmed, ms. */
  lifetimeMs: number;
}

type WithToken = <T>(record: IntranetRecord, work: (api: InstanceApi, token: Secret) => Promise<T>) => Promise<T>;

/** The actions of users on their own account. */
export class Account {
  readonly #settings: SettingsFile;
  readonly #desk: EnrolmentDesk;
  readonly #withToken: WithToken;

  constructor(settings: SettingsFile, desk: EnrolmentDesk, withToken: WithToken) {
    this.#settings = settings;
    this.#desk = desk;
    this.#withToken = withToken;
  }

  /** Sorted by last use, newest first. */
  async devices(intranet?: string): Promise<DeviceInfo[]> {
    const { devices } = await this.#signedIn(intranet, (api, token) => api.listDevices({}, { token }));
    return devices.map((one) => ({
      id: one.deviceId,
      name: plainText(one.name, 128),
      platform: plainText(one.platform, 32),
      firstSeenMs: one.firstSeen ? durationMs(one.firstSeen) : 0,
      lastSeenMs: one.lastSeen ? durationMs(one.lastSeen) : 0,
      signedIn: one.signedIn,
      thisDevice: one.thisDevice,
    }));
  }

  /** Running sessions, newest first. */
  async sessions(intranet?: string): Promise<OwnSessionInfo[]> {
    const { sessions } = await this.#signedIn(intranet, (api, token) => api.listSessions({}, { token }));
    return sessions.map((one) => ({
      id: one.sessionId,
      deviceId: one.deviceId,
      deviceName: plainText(one.deviceName, 128),
      addresses: one.addresses,
      mode: one.mode === Mode.PROXY ? "proxy" : one.mode === Mode.SYSTEM ? "system" : null,
      ageMs: one.age ? durationMs(one.age) : 0,
      thisDevice: one.thisDevice,
    }));
  }

  /** Signs a device out and ends its session. */
  async endDevice(id: string, intranet?: string): Promise<void> {
    const deviceId = checkId(id, "devices");
    await this.#signedIn(intranet, (api, token) => api.endDevice({ deviceId }, { token }));
  }

  async endSession(id: string, intranet?: string): Promise<void> {
    const sessionId = checkId(id, "sessions");
    await this.#signedIn(intranet, (api, token) => api.endSession({ sessionId }, { token }));
  }

  /** Sends a one-time code by mail; the same answer for names that do not exist. */
  async forgotPassword(of: AccountOf): Promise<void> {
    await this.#desk.withAccount(await this.#whose(of), (api, account, options) =>
      api.forgotPassword(account, options),
    );
  }

  async resetPassword(of: AccountOf, code: Secret, newPassword: Secret): Promise<void> {
    await this.#desk.withAccount(await this.#whose(of), (api, account, options) =>
      api.resetPassword({ ...account, code: code.reveal(), newPassword: newPassword.reveal() }, options),
    );
  }

  /** `otp`: a code of the current second factor, if there is one. */
  async enrolSecondFactor(of: AccountOf, password: Secret, otp?: Secret): Promise<NewSecondFactor> {
    const { Secret } = await import("../credentials/secret.ts");
    return this.#desk.withAccount(await this.#whose(of), async (api, account, options) => {
      const words = { password: password.reveal(), otp: otp?.reveal() ?? "" };
      const made = await api.enrolSecondFactor({ ...account, ...words }, options);
      return {
        uri: new Secret(plainText(made.uri)),
        secret: new Secret(plainText(made.secret, 128)),
        lifetimeMs: made.lifetime ? durationMs(made.lifetime) : 0,
      };
    });
  }

  /** `otp`: a code of the new second factor. */
  async confirmSecondFactor(of: AccountOf, password: Secret, otp?: Secret): Promise<void> {
    await this.#desk.withAccount(await this.#whose(of), (api, account, options) =>
      api.confirmSecondFactor({ ...account, password: password.reveal(), otp: otp?.reveal() ?? "" }, options),
    );
  }

  /** `otp`: a code of the second factor to be removed. */
  async removeSecondFactor(of: AccountOf, password: Secret, otp?: Secret): Promise<void> {
    await this.#desk.withAccount(await this.#whose(of), (api, account, options) =>
      api.removeSecondFactor({ ...account, password: password.reveal(), otp: otp?.reveal() ?? "" }, options),
    );
  }

  async #signedIn<T>(intranet: string | undefined, ask: (api: InstanceApi, token: string) => Promise<T>): Promise<T> {
    const record = chooseIntranet(await this.#settings.read(), intranet);
    return this.#withToken(record, (api, token) => ask(api, token.reveal()));
  }

  async #whose({ intranet, account, ...asked }: AccountOf) {
    return { ...(account ?? whoseOf(chooseIntranet(await this.#settings.read(), intranet))), ...asked };
  }
}

export const whoseOf = ({ server, code, user }: IntranetRecord): Whose => ({
  invitation: { server, enterpriseCode: code },
  userName: user,
});

function checkId(id: string, verb: "devices" | "sessions"): string {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new Failure("invalid_argument", { text: texts.core.account.badId(id, verb) });
}
