import { sentence } from "../../../sentence.ts";
import type { P } from "../../types.ts";

/** Messages about sessions. */
export const sessions = {
  session_kicked: "An administrator ended this session.",
  session_banned: ({ until }: P<"until">) => `You can connect again at ${until}.`,
  session_banned_because: ({ until, reason }: P<"reason" | "until">) =>
    `${sentence(reason)} You can connect again at ${until}.`,
  session_address_changed: ({ address }: P<"address">) => `The address of this account is now ${address}.`,
  session_replaced: ({ device }: P<"device">) => `The session was taken over by ${device}.`,
  session_ended_from: ({ device }: P<"device">) => `Ended from ${device}.`,
  session_served_elsewhere: "Other access points serve this intranet now.",
  session_bound_elsewhere: "The instance was bound to another Cloud Connect Network.",
  session_over: "This session has ended.",
  session_limit: ({ devices }: P<"devices">) => `This account is connected on ${devices} devices, which is its limit.`,
  dial_too_often: "This device connects too often; wait a moment.",
  access_point_none: "No access point is connected to the cloud instance.",
  access_point_unknown: ({ name, available }: P<"available" | "name">) =>
    `There is no access point ${name}. Available: ${available}.`,
  access_point_ambiguous: ({ name, ids }: P<"ids" | "name">) =>
    `Several access points are called ${name}. Choose one by its id: ${ids}.`,
  public_key_taken: "Another session has this public key.",
  fixed_address_in_use: ({ address }: P<"address">) => `The fixed address ${address} is in use by another account.`,
  fixed_address_may_be_in_use: ({ address }: P<"address">) =>
    `The fixed address ${address} was another account's, and an access point that cannot be reached may still carry it.`,
  addresses_exhausted: "All client addresses of this intranet are in use.",
};
