import type { Db } from "../../store/db.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import { qosCarPage, qosPage, qosPolicyPage, usesOfQos } from "../../store/queries/listings/traffic-objects.ts";
import { carsOf, policiesOf } from "../../store/queries/qos.ts";
import type { Qos, QosCar, QosPolicy } from "../../store/shapes-traffic.ts";

/** A QoS policy as its owner sees it. */
export interface QosView {
  id: string;
  name: string;
  description: string;
  region: string;
}

export const viewQos = ({ id, name, description, region }: Qos): QosView => ({ id, name, description, region });

export interface ListedQos extends QosView {
  /** Ids of the instances that have it. */
  instances: string[];
}

/** A throttling rule. Bandwidths in Mbit/s; the values of the type that it does not have are null. */
export type QosCarView = Omit<QosCar, "createdAt">;

export const viewCar = ({ createdAt: _, ...car }: QosCar): QosCarView => car;

/** A classification rule. Times are ISO 8601; "" = no bound. */
export interface QosPolicyView extends Omit<QosPolicy, "createdAt" | "dpiGroupIds" | "dpiSignatureIds"> {
  /** Ids of applications. */
  dpiGroupIds: string[];
  dpiSignatureIds: string[];
}

export const viewPolicy = ({ createdAt: _, ...policy }: QosPolicy): QosPolicyView => ({
  ...policy,
  dpiGroupIds: JSON.parse(policy.dpiGroupIds) as string[],
  dpiSignatureIds: JSON.parse(policy.dpiSignatureIds) as string[],
});

export async function listQos(
  db: Db,
  reader: Reader,
  filter: Parameters<typeof qosPage>[2],
  wish: PageWish,
): Promise<Page<ListedQos>> {
  const page = await qosPage(db, reader, filter, wish);
  const used = await usesOfQos(
    db,
    page.rows.map((row) => row.id),
  );
  const rows = page.rows.map((row) => ({
    ...viewQos(row),
    instances: used.filter(({ qosId }) => qosId === row.id).map(({ instanceId }) => instanceId),
  }));
  return { ...page, rows };
}

/** Lists rules of a QoS policy. */
const listing =
  <F, R, V>(
    pageOf: (db: Db, reader: Reader, qosId: string, filter: F, wish: PageWish) => Promise<Page<R>>,
    view: (row: R) => V,
  ) =>
  async (db: Db, reader: Reader, qos: Qos, filter: F, wish: PageWish): Promise<Page<V>> => {
    const page = await pageOf(db, reader, qos.id, filter, wish);
    return { ...page, rows: page.rows.map(view) };
  };

/** Throttling rules ordered by priority. */
export const listCars = listing(qosCarPage, viewCar);

/** Classification rules ordered by priority. */
export const listPolicies = listing(qosPolicyPage, viewPolicy);

/** A QoS policy with all its rules, in the order in which they apply. */
export interface WholeQos extends QosView {
  cars: QosCarView[];
  policies: QosPolicyView[];
}

export const showQos = async (db: Db, qos: Qos): Promise<WholeQos> => ({
  ...viewQos(qos),
  cars: (await carsOf(db, qos.id)).map(viewCar),
  policies: (await policiesOf(db, qos.id)).map(viewPolicy),
});
