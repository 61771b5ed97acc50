import { defaultRegion } from "../../../../domain/areas/regions.ts";
import { chainOf } from "../../../../domain/chain/diagnosis.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import {
  accessPointsOf,
  cidrsOf,
  createNetwork,
  deleteNetwork,
  modifyNetwork,
  ownNetwork,
} from "../../../../domain/networks/networks.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { id, list, pageOf, paging, region, required, sagId, text, truth } from "./common.ts";

const operation = group("sag", "cloud networks");

const cidrs = list(text({ max: 64, rule: "a prefix such as 10.0.0.0/16" }), 200);
const accessPoints = list(id, 50);
const name = text({ min: 2, max: 128 });
const network = { CloudNetworkId: required(text({ max: 128, rule: "id or name" })) };

export const networkOperations: Operation[] = [
  operation("CreateCloudNetwork", {
    access: "write",
    summary:
      "Describes a cloud network: its prefixes, its region, and the access points that reach it (none = all do).",
    parameters: { RegionId: region, Name: required(name), CidrBlock: required(cidrs), AccessPointId: accessPoints },
    async run(call, v) {
      const wanted = {
        name: v.Name,
        region: v.RegionId ?? defaultRegion,
        cidrs: v.CidrBlock,
        accessPoints: v.AccessPointId ?? [],
      };
      const row = await call.change((change) => createNetwork(change, call.caller.tenant, wanted));
      return { CloudNetworkId: row.id };
    },
  }),
  operation("ModifyCloudNetwork", {
    access: "write",
    summary: "Changes a cloud network; lists are replaced. AnyAccessPoint=true says that all reach it.",
    parameters: { ...network, Name: name, CidrBlock: cidrs, AccessPointId: accessPoints, AnyAccessPoint: truth() },
    async run(call, v) {
      if (v.AnyAccessPoint && v.AccessPointId) {
        throw new ApiFailure("InvalidAnyAccessPoint", "AnyAccessPoint and AccessPointId exclude each other.");
      }
      await call.change(async (change) => {
        const row = await ownNetwork(change.tx, call.caller.tenant, v.CloudNetworkId);
        const through = v.AnyAccessPoint ? [] : v.AccessPointId;
        await modifyNetwork(change, call.caller.tenant, row, {
          name: v.Name,
          cidrs: v.CidrBlock,
          accessPoints: through,
        });
      });
      return {};
    },
  }),
  operation("DeleteCloudNetwork", {
    access: "write",
    summary: "Deletes a cloud network; it is detached first.",
    parameters: network,
    async run(call, v) {
      await call.change(async (change) => {
        await deleteNetwork(change, await ownNetwork(change.tx, call.caller.tenant, v.CloudNetworkId));
      });
      return {};
    },
  }),
  operation("DescribeCloudNetworks", {
    access: "read",
    summary: "Lists cloud networks, with the CEN each is attached to.",
    parameters: { RegionId: region, ...paging },
    async run(call, v) {
      const db = call.context.store;
      let query = db
        .selectFrom("cloud_network")
        .leftJoin("cen_child", "cen_child.child_id", "cloud_network.id")
        .selectAll("cloud_network")
        .select("cen_child.cen_id")
        .where("cloud_network.tenant_id", "=", call.caller.tenant.id);
      if (v.RegionId) query = query.where("cloud_network.region", "=", v.RegionId);
      const page = await pageOf(call, query, "cloud_network", v);
      const CloudNetwork = [];
      for (const row of page.rows) {
        CloudNetwork.push({
          CloudNetworkId: row.id,
          Name: row.name,
          RegionId: row.region,
          CidrBlocks: { CidrBlock: await cidrsOf(db, row.id) },
          AccessPointIds: { AccessPointId: await accessPointsOf(db, row.id) },
          CenId: row.cen_id ?? "",
          SmartAGId: row.instance_id ?? "",
          CreateTime: row.created_at,
        });
      }
      return { ...page.told, CloudNetworks: { CloudNetwork } };
    },
  }),
  operation("DescribeHops", {
    access: "accounts-read",
    summary: "The chain from an instance to its cloud networks: each hop whole, or with its code.",
    parameters: { SmartAGId: required(sagId) },
    async run(call, v) {
      const instance = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId);
      const found = await chainOf(call.context, instance.id);
      const Hop = (found?.hops ?? []).map((hop) => ({
        Kind: hop.kind,
        Id: hop.id,
        Name: hop.name,
        Whole: hop.missing === null,
        Code: hop.missing?.code ?? "",
        Text: hop.missing?.text ?? "",
      }));
      return { Hops: { Hop }, Routes: { Route: found?.routes ?? [] } };
    },
  }),
];
