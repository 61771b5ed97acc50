/** CEN areas; traffic between two of them needs a bandwidth package. */
export type CenArea = "China" | "Asia-Pacific" | "North-America" | "Europe" | "Australia";

export interface Region {
  id: string;
  /** For people. */
  name: string;
  /** An instance can be bound only to a CCN in the same CCN area. */
  ccnArea: string;
  cenArea: CenArea;
}

const mainland = (id: string, name: string): Region => ({ id, name, ccnArea: "Mainland China", cenArea: "China" });
const alone = (id: string, name: string, cenArea: CenArea): Region => ({ id, name, ccnArea: name, cenArea });

/** The product's regions. For CCNs, all regions of Mainland China form one area, and every other region is an area of its own. */
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

/** The region of objects that were created without one. */
export const defaultRegion = "cn-shanghai";

const byId = new Map(regions.map((region) => [region.id, region]));

export function regionOf(id: string): Region | undefined {
  return byId.get(id);
}

export const cenAreas: readonly CenArea[] = ["China", "Asia-Pacific", "North-America", "Europe", "Australia"];

/** A pair of CEN areas for which bandwidth can be bought; both can be the same. */
export interface AreaSpan {
  id: string;
  a: CenArea;
  b: CenArea;
}

/** Every pair of areas, once. */
export const areaSpans: readonly AreaSpan[] = cenAreas.flatMap((a, i) =>
  cenAreas.slice(i).map((b) => ({ id: `${a}_${b}`, a, b })),
);

/** The id of a pair of areas, independent of their order. */
export function areaSpanId(a: string, b: string): string {
  const span = areaSpans.find((one) => (one.a === a && one.b === b) || (one.a === b && one.b === a));
  return span?.id ?? `${a}_${b}`;
}

/** Whether an instance in one region can be bound to a CCN in the other. */
export function shareCcnArea(a: string, b: string): boolean {
  const area = regionOf(a)?.ccnArea;
  return area !== undefined && area === regionOf(b)?.ccnArea;
}

export function cenAreaOf(regionId: string): CenArea | undefined {
  return regionOf(regionId)?.cenArea;
}
