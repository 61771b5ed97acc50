import type { ctlTexts } from "../../common/text/ctl.ts";
import { contains, parseCidr, parseIp } from "../base/ip.ts";
import type { AccountView } from "../domain/accounts/accounts.ts";
import type { InstanceView } from "../domain/instances/instances.ts";
import type { SessionView } from "../domain/sessions/listing.ts";
import type { Ask } from "./connection.ts";

/** Commands that cut people off. */
export type Cutting = keyof typeof ctlTexts.confirm.questions;

/** What a command would cut off. */
interface Cut {
  /** The object that is named in the question. */
  name: string;
  /** Open sessions that end. */
  sessions: number;
}

interface Cutter {
  cut(ask: Ask, input: Record<string, unknown>, tenant: string | undefined): Promise<Cut>;
  /** Whether it asks although no session is open, because people cannot connect afterwards. */
  always: boolean;
}

async function ofInstance(ask: Ask, { instance }: Record<string, unknown>, tenant?: string): Promise<Cut> {
  const { name, id, sessions } = (await ask("instance show", { instance }, tenant)) as InstanceView;
  return { name: name || id, sessions };
}

async function ofAccount(ask: Ask, { instance, user }: Record<string, unknown>): Promise<Cut> {
  const { userName, sessions } = (await ask("account show", { instance, user })) as AccountView;
  return { name: userName, sessions };
}

/** Sessions with another address than the new fixed one. */
async function ofAddress(ask: Ask, { instance, user, clientIp }: Record<string, unknown>): Promise<Cut> {
  const { userName, instanceId, sessions } = (await ask("account show", { instance, user })) as AccountView;
  if (!clientIp || sessions === 0) return { name: userName, sessions: 0 };
  const others = (await running(ask, instanceId)).filter((s) => s.userName === userName && s.clientIp !== clientIp);
  return { name: userName, sessions: others.length };
}

const running = async (ask: Ask, instance?: unknown) => (await ask("session list", { instance })) as SessionView[];

async function ofSession(ask: Ask, { id }: Record<string, unknown>): Promise<Cut> {
  const session = (await running(ask)).find((one) => one.id === id);
  return { name: session ? `${session.userName} (${session.deviceName})` : "", sessions: session ? 1 : 0 };
}

async function ofAccessPoint(ask: Ask, { id }: Record<string, unknown>): Promise<Cut> {
  const all = (await ask("access-point list", {})) as { id: string; name: string }[];
  const removed = all.find((one) => one.id === id) ?? all.find((one) => one.name === id);
  const served = (await running(ask)).filter(({ accessPointId }) => accessPointId === removed?.id);
  return { name: removed?.name || String(id), sessions: removed ? served.length : 0 };
}

async function ofBlock(ask: Ask, { instance, cidr }: Record<string, unknown>): Promise<Cut> {
  const block = parseCidr(String(cidr));
  const within = ({ clientIp }: SessionView) => {
    const ip = parseIp(clientIp);
    return block !== undefined && ip !== undefined && contains(block, ip);
  };
  return { name: String(cidr), sessions: (await running(ask, instance)).filter(within).length };
}

/** What each command that ends sessions cuts off. */
export const cutters: Readonly<Record<Cutting, Cutter>> = {
  "instance lock": { cut: ofInstance, always: true },
  "instance delete": { cut: ofInstance, always: true },
  "account disable": { cut: ofAccount, always: true },
  "account set": { cut: ofAddress, always: false },
  "account delete": { cut: ofAccount, always: true },
  "account kick": { cut: ofAccount, always: false },
  "account reset-password": { cut: ofAccount, always: true },
  "session end": { cut: ofSession, always: false },
  "access-point remove": { cut: ofAccessPoint, always: true },
  "cidr remove": { cut: ofBlock, always: false },
  "ccn bind": { cut: ofInstance, always: false },
  "ccn unbind": { cut: ofInstance, always: false },
};

export const isCutting = (command: string): command is Cutting => Object.hasOwn(cutters, command);
