import { serveNames } from "../harness/intranet/names.ts";

/** A name server: `nameserver.ts ADDRESS DOMAIN NAME=ADDRESS…`. It reports every query. */
const [address = "", domain = "", ...records] = process.argv.slice(2);
const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

await serveNames(
  address,
  Object.fromEntries(records.map((record) => record.split("="))),
  domain,
  ({ name, type }) => say({ asked: name, type }),
  53,
);
say({ ready: true, pid: process.pid });
