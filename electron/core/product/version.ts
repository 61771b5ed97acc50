/**
 * The version of this software, sent in Hello and printed by `sag version`. The build compares it with package.json.
 */
export const version = "0.1.0";
