/** The areas between which CEN asks for a bandwidth package. */
export type CenArea = "China" | "Asia-Pacific" | "North-America" | "Europe" | "Australia";

export interface Region {
  id: string;
  /** For people. */
  name: string;
  /** Instances and CCNs of one CCN area can be bound to each other. */
  ccnArea: string;
  cenArea: CenArea;
}

const mainland = (id: string, name: string): Region => ({ id, name, ccnArea: "Mainland China", cenArea: "China" });
const alone = (id: string, name: string, cenArea: CenArea): Region => ({ id, name, ccnArea: name, cenArea });

/** The product's regions. An area is not a region: Mainland China is one, all others have one of their own for CCN. */
export const regions: readonly Region[] = [
  mainland("cn-qingdao", "Qingdao"),
  mainland("cn-beijing", "Beijing"),
  mainland("cn-zhangjiakou", "Zhangjiakou"),
  mainland("cn-zhangjiakou-spe", "Zhangjiakou (special)"),
  mainland("cn-huhehaote", "Hohhot"),
  mainland("cn-wulanchabu", "Ulanqab"),
  mainland("cn-hangzhou", "Hangzhou"),
  mainland("cn-shanghai", "Shanghai"),
  mainland("cn-shanghai-finance-1", "Shanghai (finance)"),
  mainland("cn-shenzhen", "Shenzhen"),
  mainland("cn-heyuan", "Heyuan"),
  mainland("cn-chengdu", "Chengdu"),
  alone("cn-hongkong", "Hong Kong", "Asia-Pacific"),
  alone("ap-southeast-1", "Singapore", "Asia-Pacific"),
  alone("ap-southeast-2", "Sydney", "Australia"),
  alone("ap-southeast-3", "Kuala Lumpur", "Asia-Pacific"),
  alone("ap-southeast-5", "Jakarta", "Asia-Pacific"),
  alone("ap-northeast-1", "Tokyo", "Asia-Pacific"),
  alone("eu-central-1", "Frankfurt", "Europe"),
  alone("eu-west-1", "London", "Europe"),
  alone("us-east-1", "Virginia", "North-America"),
  alone("us-west-1", "Silicon Valley", "North-America"),
];

export const regionIds: readonly string[] = regions.map((region) => region.id);

/** The region of an object for which none was given. */
export const defaultRegion = "cn-shanghai";

const byId = new Map(regions.map((region) => [region.id, region]));

export function regionOf(id: string): Region | undefined {
  return byId.get(id);
}

export const cenAreas: readonly CenArea[] = ["China", "Asia-Pacific", "North-America", "Europe", "Australia"];

/** Two areas of CEN between which bandwidth can be bought; both may be the same one. */
export interface AreaSpan {
  id: string;
  a: CenArea;
  b: CenArea;
}

/** Every pair of areas, each once. */
export const areaSpans: readonly AreaSpan[] = cenAreas.flatMap((a, i) =>
  cenAreas.slice(i).map((b) => ({ id: `${a}_${b}`, a, b })),
);

/** The id of a pair of areas, the same in whichever order they are given. */
export function areaSpanId(a: string, b: string): string {
  const span = areaSpans.find((one) => (one.a === a && one.b === b) || (one.a === b && one.b === a));
  return span?.id ?? `${a}_${b}`;
}

/** Whether an instance of one region can be bound to a CCN of the other. */
export function shareCcnArea(a: string, b: string): boolean {
  const area = regionOf(a)?.ccnArea;
  return area !== undefined && area === regionOf(b)?.ccnArea;
}

export function cenAreaOf(regionId: string): CenArea | undefined {
  return regionOf(regionId)?.cenArea;
}
