// Which part may import which, types included (docs/architecture.md). Only an import made when a command runs may close a circle.
const tests = "(\\.test\\.tsx?$|/testing/)";

const rule = (name, from, to, more = {}) => ({
  name,
  severity: "error",
  from: { path: from, pathNot: tests },
  to: { path: to, ...more },
});

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["dynamic-import"] } },
    },
    rule("renderer-by-bridge-only", "^renderer/", "^(electron|cloud|build|test)/", {
      pathNot: "^electron/bridge\\.ts$",
    }),
    rule("core-stands-alone", "^electron/core/", "^(electron/(shell|cli|main|preload)|cloud|renderer|test)"),
    rule("cli-has-no-shell", "^electron/cli/", "^(electron/(shell|main|preload)|cloud|renderer|test)"),
    rule("cloud-stands-alone", "^cloud/", "^(electron|renderer|test)/"),
    rule("common-stands-alone", "^common/", "^(electron|renderer|cloud|build|test)/"),
    rule("admin-knows-no-api", "^cloud/admin/", "^cloud/(api|ctl)/"),
    rule("domain-knows-no-api", "^cloud/domain/", "^cloud/(admin|api|ctl)/"),
    // Operations of the published API are commands under another name.
    rule("operations-read-by-commands", "^cloud/api/admin/rpc/operations/", "^cloud/store/", {
      dependencyTypesNot: ["type-only", "type-import"],
    }),
    rule("store-knows-no-domain", "^cloud/store/", "^cloud/(admin|api|ctl|domain)/"),
    {
      name: "sql-in-the-store",
      severity: "error",
      from: { pathNot: "^(cloud/store/|node_modules/)" },
      to: { path: "(^|/)node_modules/kysely/" },
    },
    rule("query-builder-in-the-store", "^(?!cloud/store/|test/)", "^cloud/store/kysely\\.ts$"),
    rule("product-without-tests", "^(cloud|common|electron|renderer)/", "(^test/|/testing/)"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    // The API of TypeScript 7 is not there for it yet.
    parser: "swc",
    tsConfig: { fileName: "tsconfig.json" },
  },
};
