/** Thrown by Ctrl-C and by a polite kill. */
export class Interrupted extends Error {}
