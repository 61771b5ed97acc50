import type { DescribedInstance } from "../../../../domain/instances/listing.ts";
import type { Answer } from "../protocol/operation.ts";

/** State of an instance in the product's terms. */
export const statusOf = ({ usable }: Pick<DescribedInstance, "usable">): "Active" | "Offline" =>
  usable ? "Active" : "Offline";

/** The only instance type that exists here. */
export const software = "sag-software";

/** Fields that the list and the attribute operation have in common. */
export function commonAnswer(instance: DescribedInstance): Answer {
  const { endTime, securityLockThreshold, accessPoint, bandwidth } = instance;
  return {
    SmartAGId: instance.id,
    Name: instance.name,
    Description: instance.description,
    Status: statusOf(instance),
    CidrBlock: instance.cidrs.join(","),
    AssociatedCcnId: instance.ccn?.id ?? "",
    AssociatedCcnName: instance.ccn?.name ?? "",
    CreateTime: instance.createdAt,
    ...(endTime === null ? {} : { EndTime: endTime }),
    UserCount: instance.userCount,
    DataPlan: instance.dataPlan,
    EnableSoftwareConnectionAudit: instance.connectionAudit,
    RoutingStrategy: instance.routingStrategy,
    Position: instance.position,
    ResourceGroupId: "",
    MaxBandwidth: bandwidth === 0 ? "" : `${bandwidth}M`,
    City: "",
    SerialNumber: "",
    AccelerateBandwidth: 0,
    VpnStatus: instance.served ? "Up" : "Down",
    ...(securityLockThreshold === null ? {} : { SecurityLockThreshold: securityLockThreshold }),
    ...(accessPoint === null ? {} : { AccessPointId: String(accessPoint) }),
  };
}

/** Translates the published filters. */
export function searchOf(v: DescribeValues) {
  const up = v.Status === "Active" || v.BusinessState === "Normal";
  const down = v.Status === "Offline" || v.BusinessState === "Arrearage";
  const otherType = [v.HardwareType, v.InstanceType].some((type) => (type ?? software) !== software);
  // Instances have no software version and no resource group, so a filter on one of these matches nothing.
  const absent = [v.SoftwareVersion, v.VersionComparator, v.ResourceGroupId];
  return {
    region: v.RegionId,
    ids: [v.SmartAGId, v.SerialNumber],
    oneOf: v.SmartAGIds,
    namePart: v.Name,
    ccnId: v.AssociatedCcnId,
    ccnName: v.AssociatedCcnName,
    acls: v.AclIds?.split(","),
    withoutAcls: v.UnboundAclIds?.split(","),
    withQos: v.CanAssociateQos === undefined ? undefined : !v.CanAssociateQos,
    usable: up || down ? up : undefined,
    // Instances are always of the type software and never in the product's other states, so such filters match nothing.
    none: (v.Status !== undefined && !up && !down) || otherType || absent.some((value) => value !== undefined),
  };
}

interface DescribeValues {
  RegionId: string | undefined;
  SmartAGId: string | undefined;
  SmartAGIds: string[] | undefined;
  SerialNumber: string | undefined;
  Name: string | undefined;
  AssociatedCcnId: string | undefined;
  AssociatedCcnName: string | undefined;
  AclIds: string | undefined;
  UnboundAclIds: string | undefined;
  Status: string | undefined;
  BusinessState: string | undefined;
  HardwareType: string | undefined;
  InstanceType: string | undefined;
  SoftwareVersion: string | undefined;
  VersionComparator: string | undefined;
  ResourceGroupId: string | undefined;
  CanAssociateQos: boolean | undefined;
}
