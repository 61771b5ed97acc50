type Handler = (request: Request) => Response | Promise<Response>;
type PermissionHandler = (contents: unknown, permission: string, answer: (granted: boolean) => void) => void;
type RequestHandler = (
  details: { url: string; resourceType: string },
  answer: (r: { cancel?: boolean }) => void,
) => void;

/**
 * Chromium cannot register a custom scheme from outside, so an `app://HOST` page is served from this https origin.
 */
const suffix = ".app.invalid";
const handlers = new Map<string, Handler>();

/** `app://sag/x` → `https://sag.app.invalid/x`. */
export const toWeb = (url: string): string => {
  const match = /^app:\/\/([^/]+)(.*)$/.exec(url);
  return match ? `https://${match[1]}${suffix}${match[2]}` : url;
};

/** The reverse: the URL that Electron would report. */
export const toApp = (url: string): string => {
  const match = /^https:\/\/([^/]+)\.app\.invalid(.*)$/.exec(url);
  return match ? `app://${match[1]}${match[2]}` : url;
};

export const protocol = {
  registerSchemesAsPrivileged: (): void => {},
  handle: (scheme: string, handler: Handler): void => {
    handlers.set(scheme, handler);
  },
};

class Session {
  #permission: PermissionHandler | null = null;
  #check: ((contents: unknown, permission: string) => boolean) | null = null;
  #request: RequestHandler | null = null;
  readonly protocol = protocol;
  readonly webRequest = {
    onBeforeRequest: (handler: RequestHandler): void => {
      this.#request = handler;
    },
  };

  setPermissionRequestHandler(handler: PermissionHandler | null): void {
    this.#permission = handler;
  }

  setPermissionCheckHandler(handler: ((contents: unknown, permission: string) => boolean) | null): void {
    this.#check = handler;
  }

  setDevicePermissionHandler(): void {}

  setSpellCheckerEnabled(): void {}

  on(): this {
    return this;
  }

  /** For the window: whether a permission would be granted. Electron grants it if there is no handler. */
  grants(permission: string): boolean {
    let granted = this.#permission === null;
    this.#permission?.({}, permission, (answer) => {
      granted = answer;
    });
    return granted && (this.#check?.({}, permission) ?? true);
  }

  /** For the window: Electron's response to a request of the page; undefined = refused. */
  async fetch(url: string, resourceType: string, method: string): Promise<Response | undefined> {
    let cancelled = false;
    this.#request?.({ url, resourceType }, (answer) => {
      cancelled = answer.cancel === true;
    });
    const handler = handlers.get(new URL(url).protocol.replace(":", ""));
    return cancelled || !handler ? undefined : handler(new Request(url, { method }));
  }
}

const defaultSession = new Session();

export const session = { defaultSession, fromPartition: (): Session => defaultSession };
export type { Session };
