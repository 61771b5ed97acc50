const form = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(Z|[+-]\d\d:?\d\d)$/;

/** Parses a time of the published API, such as 2026-07-14T16:41:33+0800; epoch ms, undefined = it is none. */
export function parseTime(text: string): number | undefined {
  const [, date = "", time = "", zone = ""] = form.exec(text) ?? [];
  const colon = zone === "Z" ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const at = Date.parse(`${date}T${time}${colon}`);
  // Date.parse accepts 30 February as 2 March.
  const isDay = !Number.isNaN(at) && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
  return isDay ? at : undefined;
}
