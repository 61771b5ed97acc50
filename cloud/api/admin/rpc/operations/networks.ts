import {
  instanceHops,
  networkCreate,
  networkDelete,
  networkList,
  networkSet,
} from "../../../../admin/commands/networks.ts";
import { say } from "../../../../base/say.ts";
import { defaultRegion } from "../../../../domain/areas/regions.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { networkLists } from "../../../../domain/limits/values.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, id, list, paging, placeOf, region, required, sagId, text, wishOf } from "./common.ts";

const mapped = mapping("sag", "networks");

const cidrs = list(text({ max: 64, rule: say("form_prefix") }), networkLists.cidrs);
const accessPoints = list(id, networkLists.accessPoints);
const name = text(textRules.networkName);
const network = { CloudNetworkId: required(text({ max: 128, rule: say("form_id_or_name") })) };

export const networkOperations: Operation[] = [
  mapped("CreateCloudNetwork", {
    command: networkCreate,
    parameters: { RegionId: region, Name: required(name), CidrBlock: required(cidrs), AccessPointId: accessPoints },
    input: (v) => ({
      name: v.Name,
      region: v.RegionId ?? defaultRegion,
      cidrs: v.CidrBlock,
      accessPoints: v.AccessPointId ?? [],
    }),
    answer: (row) => ({ CloudNetworkId: row.id }),
  }),
  mapped("ModifyCloudNetwork", {
    command: networkSet,
    parameters: { ...network, Name: name, CidrBlock: cidrs, AccessPointId: accessPoints, AnyAccessPoint: bool() },
    input(v) {
      if (v.AnyAccessPoint && v.AccessPointId) {
        throw new ApiFailure("InvalidAnyAccessPoint", say("api_any_access_point"));
      }
      const accessPoints = v.AnyAccessPoint ? [] : v.AccessPointId;
      return { network: v.CloudNetworkId, name: v.Name, cidrs: v.CidrBlock, accessPoints };
    },
  }),
  mapped("DeleteCloudNetwork", {
    command: networkDelete,
    parameters: network,
    input: (v) => ({ network: v.CloudNetworkId }),
  }),
  mapped("DescribeCloudNetworks", {
    command: networkList,
    parameters: { RegionId: region, ...paging },
    input: (v) => ({ region: v.RegionId, page: wishOf(v) }),
    answer: (page) => ({
      ...placeOf(page),
      CloudNetworks: {
        CloudNetwork: page.rows.map((network) => ({
          CloudNetworkId: network.id,
          Name: network.name,
          RegionId: network.region,
          CidrBlocks: { CidrBlock: network.cidrs },
          AccessPointIds: { AccessPointId: network.accessPoints },
          CenId: network.cenId ?? "",
          SmartAGId: network.instanceId ?? "",
          CreateTime: network.createdAt,
        })),
      },
    }),
  }),
  mapped("DescribeHops", {
    command: instanceHops,
    parameters: { SmartAGId: required(sagId) },
    input: (v) => ({ instance: { id: v.SmartAGId } }),
    answer: ({ hops, routes }) => ({
      Hops: {
        Hop: hops.map((hop) => ({
          Kind: hop.kind,
          Id: hop.id,
          Name: hop.name,
          Whole: hop.whole,
          Code: hop.code,
          Text: hop.text,
          TextWords: hop.textWords,
        })),
      },
      Routes: { Route: routes },
    }),
  }),
];
