import type { Account } from "../account/account.ts";
import { type Environment, systemEnvironment } from "../host/environment.ts";
import type { Lockdown } from "../tunnel/lockdown.ts";
import { CoreClient } from "./core-client.ts";
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

export type { ClientEvent, IntranetInfo, StoreWord, Watching } from "./model.ts";
export type * from "./requests.ts";

/**
 * The API that the app and the command line use; one per process. Every error is thrown as a Failure (core/causes);
 * an abort throws the signal's reason.
 * `intranet` is a name or an id; undefined means the only one, or the default.
 */
export interface Client {
  intranets(): Promise<IntranetInfo[]>;
  /** Finds an intranet by the rule above. */
  intranet(intranet?: string): Promise<IntranetInfo>;
  /** Makes this intranet the default. */
  setDefault(intranet: string): Promise<void>;
  /** probe: send a probe first and wait for its answer (at most 1 s). */
  states(options?: { probe?: boolean }): Promise<IntranetState[]>;
  watch(listener: (event: ClientEvent) => void, options?: { attentive?: boolean }): Watching;

  discover(
    invitation: Invitation,
    options?: { decideIdentity?: DecideIdentity; replaceIdentity?: ReplaceIdentity; signal?: AbortSignal },
  ): Promise<Discovered>;
  /** Signs in and stores the tokens. Does not connect. */
  signIn(options: SignInOptions): Promise<IntranetState>;
  /** Resolves once connected; also if it already was. */
  connect(intranet?: string, options?: ConnectOptions): Promise<IntranetState>;
  /** Signs in and connects without storing a token. */
  connectOnce(signIn: SignInOptions, options?: ConnectOptions): Promise<IntranetState>;
  disconnect(intranet?: string): Promise<IntranetState>;
  /**
   * Disconnects, revokes the token at the cloud instance if it answers, and deletes the local one. `forget` removes
   * the intranet too.
   */
  signOut(intranet?: string, options?: { forget?: boolean }): Promise<IntranetState>;
  changePassword(options: PasswordChange): Promise<void>;
  /** Throws what signing in would throw if this store cannot be written. */
  checkStore(store: StoreWord): Promise<void>;
  /** Lockdown, which applies to the whole computer and not to one intranet. */
  readonly lockdown: Lockdown;
  /** The user's own account: devices, sessions, second factor. */
  account(): Promise<Account>;

  /** Closes streams and connections. Tunnels stay connected. */
  close(): void;
}

export interface ClientParts {
  /** Default: this computer. */
  environment?: Environment;
  /** Called with messages that are not failures, for the user. */
  onNotice?: (text: string) => void;
}

export function createClient({
  environment = systemEnvironment(),
  onNotice = () => undefined,
}: ClientParts = {}): Client {
  return new CoreClient(environment, onNotice);
}
