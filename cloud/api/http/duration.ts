/** ms → google.protobuf.Duration. */
export function toDuration(ms: number): { seconds: bigint; nanos: number } {
  const whole = Math.round(ms);
  return { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * 1_000_000 };
}
