import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { systemCode } from "../causes/system.ts";
import { ownHome } from "../host/home.ts";

/**
 * The parent of the browser profiles. A snap can only write below its own directory, and not to hidden directories in
 * the home.
 */
export function profileParent(program: string, stateDir: string): string {
  const snap = snapOf(program);
  return snap === null
    ? join(stateDir, "browser")
    : join(ownHome(process.env, process.getuid?.() ?? null), "snap", snap, "common", "sag", "browser");
}

/** The name of the snap that a program belongs to: it is a link to `snap`, or Ubuntu's script that starts one. */
function snapOf(program: string): string | null {
  try {
    const path = realpathSync(program);
    if (basename(path) === "snap" || program.startsWith("/snap/bin/")) return basename(program);
    const head = readFileSync(path).subarray(0, 4096).toString("latin1");
    return head.startsWith("#!") ? (/\/snap\/bin\/([a-z0-9-]+)/.exec(head)?.[1] ?? null) : null;
  } catch {
    return null;
  }
}

/** Polling interval, ms. */
const look = 50;

/** How long to watch a browser after it has locked its profile, ms: without a display it exits soon after. */
const settle = 1_000;

/**
 * A running browser has one of these lock links in its profile: Chromium's (HOST-PID) or Firefox's (ADDRESS:+PID).
 */
const locks = ["SingletonLock", "lock"];
const isTaken = (profile: string): boolean =>
  locks.some((name) => lstatSync(join(profile, name), { throwIfNoEntry: false }) !== undefined);

/** Whether the process named by a lock exists: a killed browser leaves its lock behind. */
const isRunning = (profile: string): boolean =>
  locks.some((name) => {
    try {
      process.kill(Number(/(\d+)$/.exec(readlinkSync(join(profile, name)))?.[1] ?? Number.NaN), 0);
      return true;
    } catch (thrown) {
      return systemCode(thrown) === "EPERM";
    }
  });

/**
 * Starts a detached browser, watches it for `watchMs` and returns its process id. If it exits with a failure, this
 * fails. With `mustRun` it also fails if the browser exits successfully, unless another one with this profile is
 * running and has opened the page.
 */
export async function launch(
  program: string,
  args: string[],
  { profile, watchMs, mustRun }: { profile: string; watchMs: number; mustRun: boolean },
): Promise<number | null> {
  const log = join(profile, "sag-open.log");
  const errors = openSync(log, "w", 0o600);
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "ignore", errors], cwd: "/" });
  closeSync(errors);
  let ended: string | undefined;
  let hasRun = false;
  child.once("exit", (code, signal) => {
    if (code !== 0 || (mustRun && !hasRun))
      ended = signal ? texts.core.browser.signal(signal) : texts.core.browser.exitCode(code ?? 0);
  });
  await once(child, "spawn").catch(() => {
    throw new Failure("not_permitted", { subject: program });
  });
  const wasTaken = isTaken(profile);
  for (let waited = 0; waited < watchMs && ended === undefined; waited += look) {
    await sleep(look);
    // The browser has locked the profile and not failed, so it has opened the page.
    hasRun ||= !wasTaken && isTaken(profile);
    if (waited >= settle && hasRun) break;
  }
  if (ended !== undefined && !isRunning(profile)) {
    const text = endedAtOnce(program, ended, log);
    throw lacksDisplay() ? new Failure("not_found", { text, field: "display" }) : new Failure("unknown", { text });
  }
  child.unref();
  return child.pid ?? null;
}

/** Whether no display is available for a window. */
export const lacksDisplay = (): boolean =>
  process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;

function endedAtOnce(program: string, how: string, log: string): string {
  const lastLine = readFileSync(log, "utf8").trim().split("\n").at(-1)?.trim() ?? "";
  const why = lacksDisplay() ? texts.core.browser.noDisplayHere : lastLine && texts.core.browser.itSaid(lastLine);
  return `${texts.core.browser.endedAtOnce(program, how)} ${why}`.trimEnd();
}
