import { restore } from "../store/restore.ts";

/** Restores a backup and kills itself before change number `at` to the directory; exits with 0 if there are fewer changes. */
const [from = "", directory = "", at = ""] = process.argv.slice(2);
let steps = 0;
await restore(from, directory, true, Date.now(), () => {
  if (++steps === Number(at)) process.kill(process.pid, "SIGKILL");
});
