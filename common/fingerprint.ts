/** 64 hexadecimal digits as people compare them, in the app, in `sag` and in `sagctl`: "797c aeee …". */
export const fingerprintGroups = (hex: string): string => hex.match(/.{1,4}/g)?.join(" ") ?? "";
