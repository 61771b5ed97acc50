import { randomInt } from "node:crypto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ServerInfo, SignedIn } from "#proto/client/v1/client_pb.js";
import { texts } from "../../../common/text/index.ts";
import { typedName } from "../../../common/user-name.ts";
import { Failure, plainText } from "../causes/failure.ts";
import type { StoreWord } from "../client/model.ts";
import type {
  DecideIdentity,
  Discovered,
  Invitation,
  PasswordChange,
  ReplaceIdentity,
  SignInOptions,
} from "../client/requests.ts";
import { deviceIdentity } from "../credentials/device.ts";
import { openStore } from "../credentials/store.ts";
import { tokensOf } from "../credentials/tokens.ts";
import type { Environment } from "../host/environment.ts";
import { parseAddress } from "../instance/address.ts";
import { hello, type InstanceApi } from "../instance/api.ts";
import type { Identity } from "../instance/identity.ts";
import { type Enrolment, parseInvitation } from "../instance/invitation.ts";
import { type Opened, openReplacing } from "../instance/replacing.ts";
import type { IntranetRecord, Settings } from "../settings/schema.ts";
import { checkName, nameFor, type SettingsFile } from "../settings/settings.ts";

/** An invitation that names its server, with the records of that server's intranets. */
interface Target extends Enrolment {
  server: string;
  known: IntranetRecord[];
}

/** The result of a sign-in. */
export interface Enrolled {
  record: IntranetRecord;
  signedIn: SignedIn;
  api: InstanceApi;
}

/** An account, identified by an invitation and a user name. */
export interface Whose {
  invitation: Invitation;
  userName: string;
}

interface Asked {
  decideIdentity?: DecideIdentity;
  replaceIdentity?: ReplaceIdentity;
  signal?: AbortSignal;
}

const mostPins = 8;
/** Time limit for revoking a sign-in that could not be stored, ms. */
const revokeTimeout = 3_000;

/**
 * Handles invitations and sign-ins. A link adds an intranet; it replaces a known server's key only after the user
 * agreed.
 */
export class EnrolmentDesk {
  readonly #environment: Environment;
  readonly #settings: SettingsFile;

  constructor(environment: Environment, settings: SettingsFile) {
    this.#environment = environment;
    this.#settings = settings;
  }

  /** Returns the intranet that signing in with this invitation would continue; null if it would be a new one. */
  async find(invitation: Invitation, userName: string): Promise<IntranetRecord | null> {
    const { known, code } = await this.#target(invitation);
    return known.find((one) => one.code === code && one.user === typedName(userName)) ?? null;
  }

  async discover(invitation: Invitation, asked: Asked = {}): Promise<Discovered> {
    const { signal } = asked;
    const target = await this.#target(invitation);
    const { api, pins } = await this.#open(target, asked);
    try {
      const answer = await api.discover({ hello, enterpriseCode: target.code }, { signal });
      return {
        server: target.server,
        enterpriseCode: target.code,
        displayName: plainText(answer.displayName, 256) || target.code,
        identity: api.identity,
        pins: nextPins(pins, api.identity, answer.server),
        known: target.known.find((one) => one.code === target.code)?.name ?? null,
      };
    } finally {
      api.close();
    }
  }

  /** Signs in. `keep`: store the tokens; otherwise only the result contains them. The caller closes `api`. */
  async signIn(options: SignInOptions, keep: boolean): Promise<Enrolled> {
    if (options.intranet !== undefined) checkName(options.intranet);
    const target = await this.#target(options.invitation);
    const store: StoreWord = keep ? (options.store ?? "keychain") : "none";
    const tokens = keep ? await openStore(this.#environment, store) : null;
    const noStore = await tokens?.check().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    // Without a store a first sign-in is tried all the same, so that a wrong password is reported before a missing
    // keychain. It is not tried with a one-time code, which would be used up, nor over an earlier sign-in, which it
    // would end.
    const isFirst = !target.known.some((one) => one.code === target.code && one.signedIn);
    if (noStore && (options.otp || !isFirst)) throw noStore;
    const device = await deviceIdentity(this.#environment);
    const opened = await this.#open(target, options);
    const { api } = opened;
    try {
      const request = api.signIn(
        {
          hello,
          enterpriseCode: target.code,
          userName: typedName(options.userName),
          password: options.password.reveal(),
          otp: options.otp?.reveal() ?? "",
          device,
        },
        { signal: options.signal },
      );
      const { signedIn } = await request.catch((thrown: unknown) => {
        // The password was right. The store is asked for before a code or a new password, because those would have to
        // be entered again.
        const isRight =
          thrown instanceof Failure &&
          (thrown.code === "second_factor_required" || thrown.code === "password_change_required");
        throw noStore && isRight ? noStore : thrown;
      });
      if (!signedIn) throw new Failure("answer_invalid", { subject: target.server });
      if (noStore) {
        const refreshToken = signedIn.tokens?.refreshToken ?? "";
        await api.signOut({ refreshToken }, { signal: AbortSignal.timeout(revokeTimeout) }).catch(() => undefined);
        throw noStore;
      }
      const record = await this.#settings.update((settings) =>
        this.#enter(settings, target, options, signedIn, opened),
      );
      if (tokens) {
        await tokens.write(record.id, tokensOf(signedIn, this.#environment.now()));
        const signInEnds = signInEnd(signedIn, this.#environment.now());
        await this.#settings.updateIntranet(record.id, (one) =>
          Object.assign(one, { signedIn: true, store, signInEnds }),
        );
      }
      return { record: { ...record, ...(tokens ? { signedIn: true, store } : {}) }, signedIn, api };
    } catch (thrown) {
      api.close();
      throw thrown;
    }
  }

  async changePassword(whose: Whose, change: Omit<PasswordChange, "intranet" | "account">): Promise<void> {
    await this.withAccount({ ...change, ...whose }, async (api, credentials, options) => {
      const { password, newPassword, otp } = change;
      const words = { password: password.reveal(), newPassword: newPassword.reveal(), otp: otp?.reveal() ?? "" };
      await api.changePassword({ ...credentials, ...words }, options);
    });
  }

  /** Runs `work` for an account that needs no sign-in, over a connection to a verified server. */
  async withAccount<T>(
    { invitation, userName, decideIdentity, signal }: Whose & Asked,
    work: (
      api: InstanceApi,
      account: { enterpriseCode: string; userName: string; deviceId: string },
      options: { signal: AbortSignal | undefined },
    ) => Promise<T>,
  ): Promise<T> {
    const target = await this.#target(invitation);
    const { id } = await deviceIdentity(this.#environment);
    const { api } = await this.#open(target, {
      ...(decideIdentity ? { decideIdentity } : {}),
      ...(signal ? { signal } : {}),
    });
    try {
      return await work(api, { enterpriseCode: target.code, userName: typedName(userName), deviceId: id }, { signal });
    } finally {
      api.close();
    }
  }

  async #target(invitation: Invitation): Promise<Target> {
    const enrolment = parseInvitation(invitation);
    const { intranets } = await this.#settings.read();
    const server = enrolment.server ?? rememberedServer(intranets, enrolment.code);
    return { ...enrolment, server, known: intranets.filter((one) => one.server === server) };
  }

  #open(target: Target, { decideIdentity, replaceIdentity, signal }: Asked): Promise<Opened> {
    const known = target.known.find((one) => one.pins.length > 0)?.pins ?? [];
    const expected = { address: parseAddress(target.server), known, invited: target.pins };
    return openReplacing(expected, { decide: decideIdentity, replace: replaceIdentity }, signal);
  }

  /** Adds an intranet to the settings, or updates the existing record. */
  #enter(
    settings: Settings,
    target: Target,
    options: SignInOptions,
    signedIn: SignedIn,
    opened: Opened,
  ): IntranetRecord {
    const { api } = opened;
    const user = signedIn.userName || typedName(options.userName);
    const displayName = plainText(signedIn.displayName, 256) || target.code;
    const known = settings.intranets.find(
      (one) => one.server === target.server && one.code === target.code && one.user === user,
    );
    if (
      options.intranet !== undefined &&
      settings.intranets.some((one) => one.name === options.intranet && one !== known)
    ) {
      throw new Failure("already_exists", { text: texts.core.intranets.nameTaken(options.intranet) });
    }
    const current = opened.replaced ? opened.pins : (known?.pins ?? target.pins);
    const pins = nextPins(current, api.identity, signedIn.server);
    // The pins belong to the server, so they change for all its intranets.
    if (opened.replaced) for (const one of settings.intranets) if (one.server === target.server) one.pins = pins;
    const name = options.intranet ?? known?.name ?? nameFor(settings, displayName, target.code);
    if (known) {
      Object.assign(known, { displayName, name, pins });
      return known;
    }
    const record: IntranetRecord = {
      id: newId(),
      name,
      displayName,
      server: target.server,
      code: target.code,
      user,
      pins,
      store: "none",
      signedIn: false,
    };
    settings.intranets.push(record);
    return record;
  }
}

/**
 * When a sign-in ends, by the clock of this computer; ms since the epoch. undefined: the cloud instance did not
 * report it.
 */
export const signInEnd = ({ tokens }: SignedIn, now: number): number | undefined =>
  tokens?.signInLifetime ? now + durationMs(tokens.signInLifetime) : undefined;

/**
 * Returns the pins to store: those that the server announces over a verified connection, and always the one in use.
 * Where the system's authorities verify the server, the pins stay as they are.
 */
export function nextPins(current: readonly string[], identity: Identity, server: ServerInfo | undefined): string[] {
  if (identity.by === "authority") return [...current];
  const announced = (server?.spkiPins ?? []).map((pin) => Buffer.from(pin).toString("hex"));
  const next = announced.length > 0 ? announced : current;
  return [...new Set([identity.fingerprint, ...next])].slice(0, mostPins);
}

/** The server for a code without one: that of the known intranets with this code, or else the only known server. */
function rememberedServer(intranets: IntranetRecord[], code: string): string {
  const same = new Set(intranets.filter((one) => one.code === code).map((one) => one.server));
  const servers = same.size > 0 ? same : new Set(intranets.map((one) => one.server));
  const [only] = servers;
  if (only !== undefined && servers.size === 1) return only;
  throw new Failure("invalid_argument", {
    text: texts.core.invitation.codeAlone,
  });
}

function newId(): string {
  const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join("");
}
