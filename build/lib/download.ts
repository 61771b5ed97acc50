import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { get, isAboutCertificate } from "./fetching.ts";
import { say, Trouble } from "./say.ts";

const megabyte = 1e6;
/** Interval of progress lines, bytes. */
const step = 10 * megabyte;

/** SHA-256 of a file, lower-case hexadecimal. */
export const sha256 = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
};

/** Downloads a file to `path` with progress lines, resuming an earlier attempt. The file appears only if its SHA-256 matches. */
export const download = async (url: string, path: string, expected: string): Promise<void> => {
  if (existsSync(path) && (await sha256(path)) === expected) return;
  const part = `${path}.part`;
  mkdirSync(dirname(path), { recursive: true });
  await fetchTo(url, part).catch((error: Error) => {
    if (error instanceof Trouble) throw error;
    const advice = isAboutCertificate(error)
      ? "If a proxy of your company answers with a certificate of its own, name the company's authority: NODE_EXTRA_CA_CERTS=FILE, or npm config set cafile FILE."
      : "Run the same command again to go on where it stopped.";
    throw new Trouble(`could not download ${url}: ${error.message}. ${advice}`);
  });
  const got = await sha256(part);
  if (got !== expected) {
    rmSync(part);
    throw new Trouble(
      `${url} is not the file that was pinned: SHA-256 ${got}, expected ${expected}. It was thrown away.`,
    );
  }
  renameSync(part, path);
};

const fetchTo = async (url: string, part: string): Promise<void> => {
  const had = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const response = await get(url, had > 0 ? { range: `bytes=${had}-` } : {});
  const { statusCode: status = 0, headers } = response;
  // The whole file was already downloaded but not yet verified and renamed.
  if (status === 416) return void response.resume();
  if (status !== 200 && status !== 206) {
    response.resume();
    throw new Error(`the server answered ${status}`);
  }
  const resumed = status === 206;
  const total = (resumed ? had : 0) + Number(headers["content-length"] ?? 0);
  const file = await open(part, resumed ? "a" : "w");
  try {
    let done = resumed ? had : 0;
    let reported = done;
    for await (const chunk of response) {
      await file.write(chunk);
      done += chunk.length;
      if (done - reported >= step || done === total) {
        reported = done;
        say(`  ${Math.round(done / megabyte)} of ${Math.round(total / megabyte)} MB`);
      }
    }
  } finally {
    await file.close();
  }
};
