import { restore } from "../store/restore.ts";

/** Restores, and is killed before the change to the directory with this number; ends with 0 if there is none. */
const [from = "", directory = "", at = ""] = process.argv.slice(2);
let steps = 0;
await restore(from, directory, true, Date.now(), () => {
  if (++steps === Number(at)) process.kill(process.pid, "SIGKILL");
});
