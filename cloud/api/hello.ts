/** This server's version; part of the first message of every contract. */
export const version = "0.1.0";

export function hello(): { version: string; capabilities: string[] } {
  return { version, capabilities: [] };
}
