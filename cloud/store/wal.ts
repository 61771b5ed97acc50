/** The valid part of a SQLite write-ahead log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
export interface WalState {
  /** Number of frames with valid checksums, from the beginning. */
  validFrames: number;
  /** The two salts of its header. */
  salts: Buffer;
}

const headerBytes = 32;
const frameHeaderBytes = 24;

/** Parses a WAL; undefined = its header is invalid, so SQLite ignores the file. */
export function readWal(wal: Buffer): WalState | undefined {
  if (wal.length < headerBytes) return undefined;
  const magic = wal.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return undefined;
  const word = magic === 0x377f0683 ? "readUInt32BE" : "readUInt32LE";
  const pageBytes = wal.readUInt32BE(8);
  let [a, b] = [0, 0];
  const sum = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      a = (a + wal[word](at) + b) >>> 0;
      b = (b + wal[word](at + 4) + a) >>> 0;
    }
  };
  sum(0, 24);
  if (a !== wal.readUInt32BE(24) || b !== wal.readUInt32BE(28)) return undefined;
  const salts = wal.subarray(16, 24);
  let validFrames = 0;
  for (let at = headerBytes; at + frameHeaderBytes + pageBytes <= wal.length; at += frameHeaderBytes + pageBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salts)) break;
    sum(at, at + 8);
    sum(at + frameHeaderBytes, at + frameHeaderBytes + pageBytes);
    if (a !== wal.readUInt32BE(at + 16) || b !== wal.readUInt32BE(at + 20)) break;
    validFrames++;
  }
  return { validFrames, salts };
}

/**
 * Reads the header of the WAL index, which the last process left in the -shm file. SQLite rebuilds the index from the WAL at start, so
 * it does not notice a truncated WAL. undefined = the header is not valid.
 */
export function readWalIndex(shm: Buffer): { frames: number; salts: Buffer } | undefined {
  // Two equal copies of 48 bytes, in the host's byte order (https://www.sqlite.org/walformat.html).
  if (shm.length < 96 || !shm.subarray(0, 48).equals(shm.subarray(48, 96)) || shm[12] !== 1) return undefined;
  const view = new DataView(shm.buffer, shm.byteOffset, 48);
  const little = view.getUint32(0, true) === 3_007_000;
  if (!little && view.getUint32(0, false) !== 3_007_000) return undefined;
  return { frames: view.getUint32(16, little), salts: shm.subarray(32, 40) };
}

/** Number of frames that were written and are missing. */
export function missingFrames(wal: Buffer, shm: Buffer): number {
  const known = readWalIndex(shm);
  if (!known || known.frames === 0) return 0;
  const found = readWal(wal);
  // Different salts: the WAL was restarted after the index was last written, which can happen after a power failure.
  if (found && !found.salts.equals(known.salts)) return 0;
  return Math.max(0, known.frames - (found?.validFrames ?? 0));
}
