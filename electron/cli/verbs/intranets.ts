import type { Verb } from "../commands.ts";

export const intranets: Verb<[], object> = async (context) => {
  const { output } = context;
  const list = await (await context.client()).intranets();
  const widest = Math.max(0, ...list.map((one) => one.intranet.length));
  for (const one of list) {
    const kept = one.signedIn ? "" : " · signed out";
    output.print(`${one.intranet.padEnd(widest)}  ${one.displayName} · ${one.userName} at ${one.server}${kept}`);
  }
  if (list.length === 0) output.say("There is no intranet here yet. Sign in to one: sag sign-in LINK");
  output.printJson(list);
  return 0;
};
