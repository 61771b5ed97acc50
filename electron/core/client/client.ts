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
 * What app and command line drive. One per process. Everything that fails throws a Failure (core/causes); what was
 * aborted by a signal throws that signal's reason; nothing else is thrown.
 * `intranet` is a name or an id; undefined means the only one, or the default.
 */
export interface Client {
  intranets(): Promise<IntranetInfo[]>;
  /** The one that is meant, or a Failure. */
  intranet(intranet?: string): Promise<IntranetInfo>;
  /** Makes it the one that is meant when none is named. */
  setDefault(intranet: string): Promise<void>;
  /** probe: proof of life is asked for first (at most 1 s). */
  states(options?: { probe?: boolean }): Promise<IntranetState[]>;
  watch(listener: (event: ClientEvent) => void, options?: { attentive?: boolean }): Watching;

  discover(
    invitation: Invitation,
    options?: { decideIdentity?: DecideIdentity; replaceIdentity?: ReplaceIdentity; signal?: AbortSignal },
  ): Promise<Discovered>;
  /** Signs in and keeps it. It does not connect. */
  signIn(options: SignInOptions): Promise<IntranetState>;
  /** Up, or a Failure. Already connected is no failure. */
  connect(intranet?: string, options?: ConnectOptions): Promise<IntranetState>;
  /** Sign-in and dial in one, keeping no token. */
  connectOnce(signIn: SignInOptions, options?: ConnectOptions): Promise<IntranetState>;
  disconnect(intranet?: string): Promise<IntranetState>;
  /** Disconnects, revokes the token at the cloud instance if it answers, forgets it here. `forget` removes the intranet too. */
  signOut(intranet?: string, options?: { forget?: boolean }): Promise<IntranetState>;
  changePassword(options: PasswordChange): Promise<void>;
  /** Fails as signing in would if a sign-in could not be kept in this store. */
  checkStore(store: StoreWord): Promise<void>;
  /** Lockdown: what is the machine's and no intranet's. */
  readonly lockdown: Lockdown;
  /** What a person does with their own account, beside signing in. */
  account(): Promise<Account>;

  /** Lets go of streams and connections. What is connected stays connected. */
  close(): void;
}

export interface ClientParts {
  /** Default: this machine. */
  environment?: Environment;
  /** Told what a person should know and nothing has failed for. */
  onNotice?: (text: string) => void;
}

export function createClient({
  environment = systemEnvironment(),
  onNotice = () => undefined,
}: ClientParts = {}): Client {
  return new CoreClient(environment, onNotice);
}
