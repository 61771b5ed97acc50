import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { locked } from "../../build/lib/lock.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";

const module = "github.com/pufferffish/wireproxy";
const version = "v1.0.9";

/**
 * The path of wireproxy, built from Go's module proxy by a go.mod of its own. Its module of system calls for OpenBSD is served by a
 * host that is often away, so that a stub takes its place: on Linux those calls do nothing.
 */
export const wireproxy = (): Promise<string> =>
  locked("wireproxy", async () => {
    const folder = at(".cache", "bench", "wireproxy");
    const program = join(folder, `wireproxy-${version}`);
    if (existsSync(program)) return program;
    mkdirSync(join(folder, "protect"), { recursive: true });
    writeFileSync(join(folder, "protect", "go.mod"), "module suah.dev/protect\n\ngo 1.21\n");
    writeFileSync(
      join(folder, "protect", "protect.go"),
      "package protect\n\nfunc Pledge(string) error { return nil }\n\nfunc Unveil(string, string) error { return nil }\n",
    );
    writeFileSync(
      join(folder, "go.mod"),
      `module bench\n\ngo 1.21\n\nrequire ${module} ${version}\n\nreplace suah.dev/protect => ./protect\n`,
    );
    const env = goEnvironment({ CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=mod" });
    await must([await findGo(), "build", "-o", program, `${module}/cmd/wireproxy`], {
      cwd: folder,
      env,
      limit: 300_000,
    });
    return program;
  });
