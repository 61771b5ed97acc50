/** The ways in which a connection can end. */
export const endings = ["server closes first", "client closes first", "client resets", "server resets"] as const;
export type Ending = (typeof endings)[number];

/** Number of ports for each way. */
export const portsOfEnding = 8;

/** The `number`th port whose connections end in this way. */
export const closerPort = (ending: Ending, number: number): number =>
  9_000 + endings.indexOf(ending) * portsOfEnding + number;
