import type { IpcMainInvokeEvent, WebContents } from "electron";
import { texts } from "../../common/text/shell.ts";
import {
  type Answer,
  argumentLimit,
  type CallArgument,
  type CallName,
  type CallResults,
  callSchemas,
} from "../bridge.ts";
import { Failure, failureView } from "../core/causes/failure.ts";
import type { FailureView } from "../core/client/model.ts";
import { isOwn } from "./harden.ts";

export type Handlers = { [N in CallName]: (argument: CallArgument<N>) => Promise<Answer<CallResults[N]>> };

/** A call that no page of the app makes; logged and rejected. */
export class Refused extends Error {}

/**
 * The receiving end of the bridge. Every call passes through it: it checks the sender, the size and the schema before
 * a handler runs.
 */
export const receive =
  (handlers: Handlers, window: () => WebContents | null) =>
  async (event: IpcMainInvokeEvent, name: unknown, argument: unknown): Promise<Answer<unknown>> => {
    checkSender(event, window());
    const call = checkName(name);
    checkSize(argument);
    const parsed = callSchemas[call].safeParse(argument);
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.join(".") ?? "";
      return {
        ok: false,
        failure: failureView("invalid_argument", { text: texts.shell.badArgument(`${call} ${where}`.trim()) }),
      };
    }
    const handler = handlers[call] as (argument: unknown) => Promise<Answer<unknown>>;
    return handler(parsed.data).catch((error: unknown) => ({ ok: false, failure: viewOf(error) }));
  };

/** Accepts only the top frame of the app's own window, showing the app's own page. */
const checkSender = (event: IpcMainInvokeEvent, ours: WebContents | null): void => {
  const frame = event.senderFrame;
  const trusted = ours !== null && event.sender === ours && frame !== null && frame.parent === null && isOwn(frame.url);
  if (!trusted) throw new Refused("a call from somewhere else than the window");
};

const checkName = (name: unknown): CallName => {
  if (typeof name !== "string" || !Object.hasOwn(callSchemas, name)) throw new Refused("an unknown call");
  return name as CallName;
};

const checkSize = (argument: unknown): void => {
  if (argument !== undefined && Buffer.byteLength(JSON.stringify(argument) ?? "") > argumentLimit) {
    throw new Refused("an argument that is too large");
  }
};

/** A failure that can be shown: without a stack or an internal name. */
export const viewOf = (error: unknown): FailureView => (error instanceof Failure ? error.view : failureView("unknown"));
