import { clipboard, shell } from "electron";
import type { Answer, CallArgument, IdentityQuestion } from "../bridge.ts";
import { Failure } from "../core/causes/failure.ts";
import type { Client, DecideIdentity, Invitation, StoreWord } from "../core/client/client.ts";
import { Secret } from "../core/credentials/secret.ts";
import type { Autostart } from "./autostart.ts";
import { type Handlers, viewOf } from "./bridge-host.ts";
import type { BrowserProxy } from "./browsers/proxy.ts";
import type { Hub } from "./hub.ts";
import { openLicenses } from "./licenses.ts";
import type { Memory } from "./preferences.ts";

export interface CallParts {
  client: Client;
  hub: Hub;
  memory: Memory;
  browsers: BrowserProxy;
  autostart: Autostart;
}

/** How long the captive-portal exception is opened, ms: the longest that the service allows. */
const portalTime = 5 * 60_000;

/** A browser that fails to start exits within this time, ms. */
const browserWatch = 1_500;

const done: Answer<null> = { ok: true, value: null };

/** The handler of each call. Long-running calls return at once; their outcome is part of the state. */
export const makeHandlers = (parts: CallParts): Handlers => {
  const { client, hub, memory } = parts;
  const act = dialling(client, hub);
  return {
    snapshot: async () => {
      await hub.ready;
      return { ok: true, value: hub.snapshot() };
    },
    discover: ({ invitation, trust }) =>
      asking(trust, async (decideIdentity) =>
        client.discover(await invited(client, invitation), {
          decideIdentity,
          replaceIdentity: changed(decideIdentity),
        }),
      ),
    signIn: ({ invitation, userName, password, otp, trust, inFile }) =>
      asking(trust, async (decideIdentity) => {
        const state = await client.signIn({
          invitation: await invited(client, invitation),
          userName,
          password: new Secret(password),
          ...(otp ? { otp: new Secret(otp) } : {}),
          // Uses the same store as the last sign-in without asking again.
          store: inFile || (await knownStore(client, invitation)) === "file" ? "file" : "keychain",
          decideIdentity,
          replaceIdentity: changed(decideIdentity),
        });
        hub.apply({ kind: "changed", state });
        choose(parts, state.intranetId);
        return { intranetId: state.intranetId };
      }),
    checkStore: async ({ invitation }) => {
      // A sign-in that is already stored in a file stays there.
      if ((await knownStore(client, invitation)) !== "file") await client.checkStore("keychain");
      return done;
    },
    changePassword: ({ userName, password, newPassword, otp, invitation, trust }) =>
      asking(trust, async (decideIdentity) => {
        await client.changePassword({
          account: { invitation: await invited(client, invitation), userName },
          decideIdentity,
          password: new Secret(password),
          newPassword: new Secret(newPassword),
          ...(otp ? { otp: new Secret(otp) } : {}),
        });
        return null;
      }),
    forgotPassword: ({ userName, invitation, trust }) =>
      asking(trust, async (decideIdentity) => {
        const account = { invitation: await invited(client, invitation), userName };
        await (await client.account()).forgotPassword({ account, decideIdentity });
        return null;
      }),
    resetPassword: ({ userName, code, newPassword, invitation, trust }) =>
      asking(trust, async (decideIdentity) => {
        const account = { invitation: await invited(client, invitation), userName };
        const desk = await client.account();
        await desk.resetPassword({ account, decideIdentity }, new Secret(code), new Secret(newPassword));
        return null;
      }),
    enrolSecondFactor: ({ userName, password, invitation, trust }) =>
      asking(trust, async (decideIdentity) => {
        const account = { invitation: await invited(client, invitation), userName };
        const desk = await client.account();
        const made = await desk.enrolSecondFactor({ account, decideIdentity }, new Secret(password));
        // The only place that passes the secret on, to the window.
        return { secret: made.secret.reveal(), uri: made.uri.reveal() };
      }),
    connect: async ({ intranetId }) => {
      void act.connect(intranetId);
      return done;
    },
    disconnect: async ({ intranetId }) => {
      void act.disconnect(intranetId);
      return done;
    },
    endSession: async ({ intranetId, sessionId }) => {
      await (await client.account()).endSession(sessionId, intranetId);
      void act.connect(intranetId);
      return done;
    },
    signOut: async ({ intranetId, forget }) => {
      if (hub.browsers.intranetId === intranetId) await parts.browsers.restore();
      hub.apply({ kind: "changed", state: await client.signOut(intranetId, { forget }) });
      if (forget) hub.apply({ kind: "removed", intranetId });
      return done;
    },
    select: async ({ intranetId }) => {
      choose(parts, intranetId);
      return done;
    },
    useForBrowsers: async ({ intranetId, on }) => {
      await parts.browsers.use(on ? intranetId : null);
      return done;
    },
    setPreferences: async (change) => {
      const preferences = { ...hub.preferences, ...withoutUndefined(change) };
      if (
        preferences.launchAtLogin !== hub.preferences.launchAtLogin ||
        preferences.startHidden !== hub.preferences.startHidden
      ) {
        parts.autostart.set(preferences.launchAtLogin, preferences.startHidden);
      }
      memory.remember({ preferences });
      hub.setPreferences(preferences);
      return done;
    },
    copy: async ({ text }) => {
      // Returns a promise since Electron 45; await it so that an error becomes an answer.
      await clipboard.writeText(text);
      return done;
    },
    openResource: async ({ intranetId, resourceId }) => {
      const resource = hub.resources(intranetId).find((one) => one.id === resourceId && one.opens);
      if (!resource) return { ok: false, failure: new Failure("not_found").view };
      const state = hub.state(intranetId);
      // The user's own browser reaches the intranet in system mode, or if its proxy setting points to this intranet.
      if (state?.mode === "system" || hub.browsers.intranetId === intranetId) {
        await shell.openExternal(resource.address);
        return done;
      }
      if (!state?.pac) return { ok: false, failure: new Failure("not_connected").view };
      const { openInBrowser } = await import("../core/reach/browser.ts");
      const { systemEnvironment } = await import("../core/host/environment.ts");
      const { pac } = state;
      await openInBrowser(systemEnvironment(), { intranetId, pac, url: resource.address, watchMs: browserWatch });
      return done;
    },
    dismissNotice: async ({ intranetId }) => {
      hub.dismissNotice(intranetId);
      return done;
    },
    liftLockdown: async () => {
      await client.lockdown.lift();
      return done;
    },
    openPortal: async () => {
      hub.apply({ kind: "lockdown", lockdown: await client.lockdown.openPortal(portalTime) });
      return done;
    },
    openLicenses,
  };
};

type Asked = CallArgument<"signIn">["invitation"];

/** The window names an intranet by its id; the cloud instance needs the server and code. */
const knownStore = async (client: Client, asked: Asked): Promise<StoreWord | undefined> =>
  typeof asked === "string" || !("intranetId" in asked)
    ? undefined
    : (await client.intranets()).find((info) => info.intranetId === asked.intranetId)?.store;

const invited = async (client: Client, asked: Asked): Promise<Invitation> => {
  if (typeof asked === "string" || !("intranetId" in asked)) return asked;
  const known = (await client.intranets()).find((info) => info.intranetId === asked.intranetId);
  if (!known) throw new Failure("unknown_intranet");
  return { server: known.server, enterpriseCode: known.enterpriseCode };
};

const choose = ({ hub, memory }: CallParts, intranetId: string): void => {
  hub.select(intranetId);
  memory.remember({ selected: intranetId });
};

/**
 * Connect and disconnect for the window, the tray and the start of the app. They never reject; the hub has the
 * outcome.
 */
export const dialling = (client: Client, hub: Hub) => ({
  connect: async (intranetId: string): Promise<void> => {
    hub.refuse(intranetId, null);
    // Core puts the failure into the state.
    await client.connect(intranetId).catch(() => undefined);
  },
  disconnect: async (intranetId: string): Promise<void> => {
    hub.refuse(intranetId, null);
    await client.disconnect(intranetId).catch((error) => hub.refuse(intranetId, viewOf(error)));
  },
});

/** Asks about a server whose key has changed. */
const changed =
  (decide: Ask): DecideIdentity =>
  (question) =>
    decide({ ...question, changed: true });

type Ask = (question: IdentityQuestion) => Promise<boolean>;

/**
 * Runs a call that may meet a server with an unknown key. Without `trust` the server is refused and the question is
 * returned to the window; with it only that fingerprint is accepted.
 */
const asking = async <T>(trust: string | undefined, body: (decide: Ask) => Promise<T>): Promise<Answer<T>> => {
  let question: IdentityQuestion | undefined;
  try {
    const value = await body(async (asked) => {
      if (trust === asked.fingerprint) return true;
      question = asked;
      return false;
    });
    return { ok: true, value };
  } catch (error) {
    return { ok: false, failure: viewOf(error), ...(question ? { question } : {}) };
  }
};

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
