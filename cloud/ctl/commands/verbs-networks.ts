import { ctlTexts } from "../../../common/text/ctl.ts";
import { renderServerWords } from "../../../common/text/server.ts";
import type { ccnList } from "../../admin/commands/ccns.ts";
import type { cenChildren, cenList } from "../../admin/commands/cens.ts";
import type { instanceHops, networkList } from "../../admin/commands/networks.ts";
import { invalid } from "../../base/cause.ts";
import { foreign } from "../../base/say.ts";
import { defaultRegion } from "../../domain/areas/regions.ts";
import { list, onOff, wholeNumber } from "../arguments.ts";
import { region, type Verb } from "./verb.ts";
import type { Answered, One } from "./views.ts";

const { errors, output } = ctlTexts;
const { columns } = output;

const type: Verb["options"] = { "--type <VPC|CCN>": ["type"] };

/** Removes the prefix that the CEN API puts before the region of a CCN. */
const plainRegion = (text: string) => text.replace(/^ccn-/, "");

const hop = (view: Answered<typeof instanceHops>["hops"][number]) => ({
  [columns.kind]: view.kind,
  [columns.id]: view.id,
  [columns.name]: view.name,
  [columns.whole]: view.whole,
  [columns.cause]: view.code,
  [columns.reason]: view.textWords ? renderServerWords(view.textWords) : "",
});

/** Converts `--any-access-point true` to an empty list of access points. */
function networkChange({ anyAccessPoint, ...input }: Record<string, unknown>) {
  if (anyAccessPoint !== true) return input;
  if (input.accessPoints !== undefined) {
    throw invalid("any-access-point", foreign(errors.arguments.anyAccessPoint));
  }
  return { ...input, accessPoints: [] };
}

/** Verbs for CCNs, CENs and cloud networks. */
export const networkVerbs: readonly Verb[] = [
  { usage: "instance hops <instance>", row: hop, list: "hops" },
  {
    usage: "ccn create <name>",
    options: { "--cidr <block>": ["cidrBlock"], "--description <text>": ["description"], ...region },
    fixed: { region: defaultRegion, description: "", cidrBlock: "", snatCidrBlock: "", markedDefault: false },
    row: (view) => ({ [columns.id]: view.id, [columns.name]: view.name, [columns.region]: view.region }),
  },
  {
    usage: "ccn list",
    options: region,
    list: "rows",
    row: (view: One<typeof ccnList>) => ({
      [columns.id]: view.id,
      [columns.name]: view.name,
      [columns.region]: view.region,
      [columns.cidrs]: view.cidrBlock,
      [columns.cen]: view.cen?.id ?? null,
      [columns.instances]: view.instances,
      [columns.default]: view.isDefault,
    }),
  },
  { usage: "ccn delete <ccn>", options: region },
  { usage: "ccn bind <ccn> <instance>" },
  { usage: "ccn unbind <ccn> <instance>" },
  { usage: "ccn attach <ccn> <cen>", fixed: { subnet: "" } },
  { usage: "ccn detach <ccn> <cen>" },
  {
    usage: "ccn grant <ccnId> <cenId> <cenUid>",
    places: { cenUid: wholeNumber },
    fixed: { trafficService: false },
  },
  { usage: "ccn revoke <ccnId> <cenId>" },
  {
    usage: "instance grant <instanceId> <ccnId> <ccnUid>",
    places: { ccnUid: wholeNumber },
    options: region,
    fixed: { trafficService: false },
    // The result is only the grant's id.
    row: (id: string) => ({ [columns.id]: id }),
  },
  { usage: "instance revoke <instanceId> <ccnId>", options: region },
  { usage: "cen create <name>", fixed: { description: "", protectionLevel: "REDUCED", tags: [] } },
  {
    usage: "cen list",
    list: "rows",
    row: (view: One<typeof cenList>) => ({
      [columns.id]: view.id,
      [columns.name]: view.name,
      [columns.description]: view.description,
      [columns.bandwidthPackages]: view.bandwidthPackages.join(" "),
    }),
  },
  { usage: "cen delete <cen>" },
  {
    usage: "cen children <cen>",
    list: "rows",
    row: (view: One<typeof cenChildren>) => ({
      [columns.id]: view.id,
      [columns.type]: view.type,
      [columns.name]: view.name,
      [columns.region]: view.region,
      [columns.owner]: view.ownerUid,
      [columns.since]: new Date(view.attachedAt).toISOString(),
    }),
  },
  {
    usage: "cen attach <cen> <child>",
    options: { ...type, "--region <id>": ["region", plainRegion] },
    fixed: { type: "VPC", region: defaultRegion },
  },
  { usage: "cen detach <cen> <child>", options: type, fixed: { type: "VPC" } },
  {
    usage: "cen bandwidth <bandwidth> <areaA> <areaB>",
    places: { bandwidth: wholeNumber },
    fixed: { name: "", description: "", chargeType: "PREPAY", tags: [] },
  },
  { usage: "cen use-bandwidth <cen> <package>" },
  { usage: "cen limit <cenId> <localRegion> <oppositeRegion> <bandwidth>", places: { bandwidth: wholeNumber } },
  {
    usage: "network create <name>",
    required: ["--cidr <prefix>"],
    options: { "--cidr <prefix>": ["cidrs", list], "--access-point <id>": ["accessPoints", list], ...region },
    fixed: { region: defaultRegion, accessPoints: [] },
  },
  {
    usage: "network set <network>",
    options: {
      "--cidr <prefix>": ["cidrs", list],
      "--access-point <id>": ["accessPoints", list],
      "--any-access-point <true>": ["anyAccessPoint", onOff],
    },
    input: networkChange,
  },
  {
    usage: "network list",
    options: region,
    list: "rows",
    row: (view: One<typeof networkList>) => ({
      [columns.id]: view.id,
      [columns.name]: view.name,
      [columns.region]: view.region,
      [columns.cidrs]: view.cidrs.join(" "),
      [columns.accessPoints]: view.accessPoints.join(" "),
      [columns.cen]: view.cenId,
      [columns.instance]: view.instanceId,
    }),
  },
  { usage: "network delete <network>" },
];
