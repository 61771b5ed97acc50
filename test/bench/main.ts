import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { buildBundles } from "../../build/build.ts";
import { buildNative } from "../../build/native.ts";
import { admin } from "./admin.ts";
import { app } from "./app.ts";
import { cli } from "./cli.ts";
import { dial } from "./dial.ts";
import { engine } from "./engine.ts";
import { guard } from "./guard.ts";
import { loss } from "./loss.ts";
import { aligned, type Bench } from "./measured.ts";
import { profile } from "./profile.ts";
import { proxy } from "./proxy.ts";

/** `npm run bench -- NAME [--short] [--json] [--against FOLDER]`. */
const benches: Record<string, Bench> = { admin, app, cli, dial, engine, guard, loss, profile, proxy };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    against: { type: "string" },
  },
});

const [name = ""] = positionals;
const bench = benches[name];
if (!bench) {
  process.stderr.write(`Which bench? There are: ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}

await Promise.all([buildBundles(), buildNative()]);
const measured = await bench(values.short, values.against);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 1e9)} GB, Linux ${release()}, Node ${process.version}`;
if (values.json) process.stdout.write(`${JSON.stringify({ name, machine, ...measured })}\n`);
else {
  process.stdout.write(`${name}, ${measured.rounds} rounds on ${machine}\n`);
  for (const [figure, value] of Object.entries(measured.figures))
    process.stdout.write(`  ${figure.padEnd(24)} ${value}\n`);
  for (const [ratio, value] of Object.entries(measured.ratios))
    process.stdout.write(`  ${ratio.padEnd(24)} ${value}\n`);
  for (const [title, table] of Object.entries(measured.tables ?? {}))
    process.stdout.write(`\n${title}\n${aligned(table)}`);
}
