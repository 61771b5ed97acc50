/** Formats of dates and lists. */
export const locale = "en-GB";

const justNow = "just now";

// Intl.DateTimeFormat returns the same, but its first call takes 14 ms, which would slow down `sag status`.
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const twoDigits = (value: number): string => `${value}`.padStart(2, "0");

/** "2 h 14 min", "14 min"; "" if it is less than a minute. */
const fromMinutes = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : "";
};

/** Formats of numbers with units, times and lists. */
export const formats = {
  /** "2 h 14 min", "14 min", "just now". */
  duration: (ms: number): string => fromMinutes(ms) || justNow,
  /** "for 14 min", "for less than a minute". */
  age: (ms: number): string => `for ${fromMinutes(ms) || "less than a minute"}`,
  /** The same with seconds below a minute, and in days from two days on: "5 s", "14 min", "3 days". */
  span: (ms: number): string => {
    const minutes = Math.floor(ms / 60_000);
    if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
  },
  /** "14:05" for today, "08:57 tomorrow", "08:57 on 3 December". */
  moment: (now: Date, then: Date): string => {
    const time = `${twoDigits(then.getHours())}:${twoDigits(then.getMinutes())}`;
    const dayAfter = (days: number): string =>
      new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).toDateString();
    if (then.toDateString() === dayAfter(0)) return time;
    if (then.toDateString() === dayAfter(1)) return `${time} tomorrow`;
    return `${time} on ${then.getDate()} ${months[then.getMonth()]}`;
  },
  secondsAgo: (seconds: number): string =>
    seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ${seconds % 60} s ago`,
  /** Bits per second: "12.4 Mbit/s". */
  rate: (bits: number): string => {
    if (bits < 1000) return `${Math.round(bits)} bit/s`;
    for (const [size, unit] of [
      [1e9, "Gbit/s"],
      [1e6, "Mbit/s"],
    ] as const) {
      if (bits >= size) return `${(bits / size).toFixed(1)} ${unit}`;
    }
    return `${(bits / 1000).toFixed(bits < 10_000 ? 1 : 0)} kbit/s`;
  },
  bytes: (count: number): string => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = count;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
  },
  latency: (ms: number): string => `${ms < 10 ? Math.max(ms, 0.1).toFixed(1) : Math.round(ms)} ms`,
  bandwidth: (kbps: number): string => (kbps < 1_000 ? `${kbps} kbit/s` : `${kbps / 1_000} Mbit/s`),
  bandwidthEachWay: (kbps: number): string => `${formats.bandwidth(kbps)} each way`,
  /** "a, b or c". */
  choice: (parts: readonly string[]): string => new Intl.ListFormat(locale, { type: "disjunction" }).format(parts),
  /** "a, b and c". */
  list: (parts: readonly string[]): string => new Intl.ListFormat(locale).format(parts),
};
