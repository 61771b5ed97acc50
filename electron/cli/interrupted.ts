/** Thrown after Ctrl-C, SIGTERM or SIGHUP. */
export class Interrupted extends Error {}
