import { inflateSync } from "node:zlib";

/** The pixels of an image, four bytes each. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** Decodes the PNG files that browsers write: 8 bits per channel, RGB or RGBA, not interlaced. */
export const readPng = (png: Buffer): Pixels => {
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const stride = width * channels;
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const line = Buffer.from(raw.subarray(start + 1, start + 1 + stride));
    unfilter(raw[start] ?? 0, line, above, channels);
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) data[(y * width + x) * 4 + c] = line[x * channels + c] ?? 0;
    }
    above = line;
  }
  return { width, height, data };
};

/** Undoes a PNG filter: pixels are stored as differences to those on the left (a), above (b) and above left (c). */
const unfilter = (filter: number, line: Buffer, above: Buffer, channels: number): void => {
  for (let i = 0; i < line.length; i++) {
    const [a, b, c] = [line[i - channels] ?? 0, above[i] ?? 0, i < channels ? 0 : (above[i - channels] ?? 0)];
    const guess = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter] ?? 0;
    line[i] = ((line[i] ?? 0) + guess) & 255;
  }
};

const paeth = (a: number, b: number, c: number): number => {
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
};
