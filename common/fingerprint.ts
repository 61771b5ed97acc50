/** Formats 64 hexadecimal digits in groups of four for comparison, in the app, `sag` and `sagctl`: "797c aeee …". */
export const fingerprintGroups = (hex: string): string => hex.match(/.{1,4}/g)?.join(" ") ?? "";
