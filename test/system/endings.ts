/** Ways for a connection to end. */
export const endings = ["server closes first", "client closes first", "client resets", "server resets"] as const;
export type Ending = (typeof endings)[number];

/** How many ports a way has. */
export const portsOfEnding = 8;

/** The `number`th port at which connections end in this way. */
export const closerPort = (ending: Ending, number: number): number =>
  9_000 + endings.indexOf(ending) * portsOfEnding + number;
