import { exitInterrupted } from "../../common/causes/table.ts";
import { ctlTexts } from "../../common/text/ctl.ts";
import type { Ask } from "./connection.ts";

const { long } = ctlTexts.output;

/** Number of accounts from which on an import is announced. */
const announced = 20;

/** Estimated time for one account, ms: mostly the hash of its password. */
const perAccount = 100;

interface Asked {
  operation: string;
  parameters: Record<string, unknown>;
}

/** Number of accounts that the server will create; 0 = none, or the request is not an import. */
function accountsIn({ operation, parameters }: Asked): number {
  const { rows, dryRun } = parameters;
  return operation === "account import" && dryRun !== true && Array.isArray(rows) ? rows.length : 0;
}

/** How long to wait for the answer to a request, ms: long enough for a busy server, which needs up to 0.5 s per account. */
export const answerLimit = (asked: Asked): number => 60_000 + accountsIn(asked) * 500;

interface Waiting {
  /** Whether requests go over HTTPS. The server finishes those even if sagctl ends; an import over the local socket is cancelled. */
  remote: boolean;
  /** Whether to say what takes long. */
  verbose: boolean;
}

/** Announces an import that takes long, and says on Ctrl-C what becomes of the request. */
export function sayingWhatTakesLong(ask: Ask, { remote, verbose }: Waiting): Ask {
  return async (operation, parameters, tenant) => {
    const accounts = accountsIn({ operation, parameters });
    if (verbose && accounts >= announced) tell(long.creating(accounts, (accounts * perAccount) / 1_000));
    const interrupted = () => {
      tell(accounts === 0 ? long.interrupted : remote ? long.importGoesOn : long.importStops);
      process.exit(exitInterrupted);
    };
    process.once("SIGINT", interrupted);
    try {
      return await ask(operation, parameters, tenant);
    } finally {
      process.off("SIGINT", interrupted);
    }
  };
}

const tell = (text: string) => void process.stderr.write(`${text}\n`);
