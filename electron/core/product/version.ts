/** Of this software: what Hello says, what `sag version` prints. The build checks it against package.json. */
export const version = "0.1.0";
