import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Entry } from "@napi-rs/keyring";
import { causeTable } from "../../common/causes/table.ts";
import { ctlTexts } from "../../common/text/ctl.ts";
import { type CauseCode, invalid, Refusal } from "../base/cause.ts";
import { foreign, type Message, say } from "../base/say.ts";
import { Secret } from "../security/secret.ts";
import { firstLineOfStdin } from "./arguments.ts";
import type { Ask } from "./connection.ts";
import { runRemotely } from "./signed-post.ts";

const errors = ctlTexts.errors.remote;

export interface RemoteFlags {
  server: string;
  accessKeyId: string;
  /** PEM file of a CA to trust in addition to the system's. */
  ca?: string | undefined;
  secretStdin?: boolean | undefined;
  /** Store the secret in this host's keychain. */
  remember?: boolean | undefined;
}

/** Connects with signed requests. The secret comes from the keychain, stdin or a prompt, never from arguments. */
export function remotely(flags: RemoteFlags): Ask {
  let secret: Promise<Secret> | undefined;
  const ca = flags.ca === undefined ? undefined : readFileSync(flags.ca);
  return async (operation, parameters, tenant) => {
    secret ??= secretFor(flags);
    const to = { server: new URL(flags.server), accessKeyId: flags.accessKeyId, secret: await secret, ca };
    const { status, body } = await runRemotely(to, { operation, parameters, tenant });
    if (body.Code !== undefined) throw refusalOf(status, body);
    return body.Result;
  };
}

/** Refusal of a response. Older servers send no cause and no message key; then the cause is derived from the HTTP status. */
function refusalOf(status: number, body: Record<string, unknown>): Refusal {
  const { Code, Message: Text, Cause, MessageKey, MessageParams } = body;
  const byStatus =
    { 404: "not_found", 403: "not_permitted" }[status] ?? (status >= 500 ? "unknown" : "invalid_argument");
  const cause = typeof Cause === "string" && Object.hasOwn(causeTable, Cause) ? Cause : byStatus;
  const key = typeof MessageKey === "string" ? MessageKey : "";
  const params = typeof MessageParams === "object" && MessageParams !== null ? MessageParams : {};
  const message: Message = { key, params: params as Message["params"], text: String(Text) };
  return new Refusal(cause as CauseCode, say("api_refused", { message, code: String(Code) }));
}

const entryOf = (id: string) => new Entry("sagctl", id, { linux: { store: "secret-service" } } as never);

async function secretFor(flags: RemoteFlags): Promise<Secret> {
  const { accessKeyId, secretStdin, remember } = flags;
  if (!secretStdin) {
    const kept = fromKeychain(accessKeyId);
    if (kept) return kept;
  }
  // Check that the keychain works before prompting for the secret.
  if (remember) inKeychain(() => entryOf(`${accessKeyId} check`).setPassword("check"));
  const text = secretStdin ? await firstLineOfStdin() : await ask(ctlTexts.output.secretOf(accessKeyId));
  if (remember) {
    inKeychain(() => {
      entryOf(`${accessKeyId} check`).deletePassword();
      entryOf(accessKeyId).setPassword(text);
    });
  }
  return new Secret(text);
}

function inKeychain(work: () => void): void {
  try {
    work();
  } catch {
    throw new Refusal("keychain_unavailable", foreign(errors.noKeychain));
  }
}

function fromKeychain(id: string): Secret | undefined {
  try {
    const text = entryOf(id).getPassword();
    return text ? new Secret(text) : undefined;
  } catch {
    // Without a keychain, prompt for the secret.
    return undefined;
  }
}

/** Prompts at the terminal without echoing the input. */
function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw invalid("secret", foreign(errors.noTerminal));
  }
  process.stderr.write(question);
  const lines = createInterface({ input: process.stdin, terminal: true, output: undefined as never });
  return new Promise((resolve) =>
    lines.question("", (answer) => {
      lines.close();
      process.stderr.write("\n");
      resolve(answer.trim());
    }),
  );
}
