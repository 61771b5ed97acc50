import { type Backend, changeServer, nmcli, resolvectl } from "./backends.ts";
import type { Machines } from "./machines.ts";

/** Moves the client from its cable, "home", to "wifi" in another network, and back. */
const address = "192.168.78.2";
const router = "192.168.78.1";

/** Adds the other network; NetworkManager has a profile for it, with the name server there. */
export const offerWifi = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  if (backend === "NetworkManager") {
    const ipv4 = ["ipv4.method", "manual", "ipv4.addresses", `${address}/24`, "ipv4.gateway", router];
    const profile = ["type", "ethernet", "ifname", "wifi", "con-name", "wifi", ...ipv4, "ipv4.dns", server];
    // Like Wi-Fi it has a lower priority than the cable.
    const second = ["ipv4.route-metric", "600", "ipv4.dns-priority", "200", "connection.autoconnect", "no"];
    await nmcli(machines, "con", "add", ...profile, ...second, "ipv6.method", "disabled");
  }
  await machines.plug("client", "wifi", "router", "cafe");
  await machines.run("router", `ip addr add ${router}/24 dev cafe`);
};

/** The cable loses its carrier before the other link is up; `server` is the name server there. */
export const pullCable = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  await machines.run("router", "ip link set home-client down");
  if (backend === "NetworkManager") {
    await nmcli(machines, "con", "up", "wifi");
    return;
  }
  // What DHCP clients do.
  await machines.run("client", "ip addr flush dev home", `ip addr add ${address}/24 dev wifi`);
  await machines.run("client", `ip route add default via ${router} dev wifi`);
  if (backend === "file") await changeServer(machines, backend, server);
  else await resolvectl(machines, "dns", "wifi", server);
};

/** Removes the other link and plugs the cable in again; `server` is the name server at home. */
export const leaveWifi = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  if (backend === "NetworkManager") {
    await nmcli(machines, "con", "down", "wifi");
    await nmcli(machines, "con", "delete", "wifi");
  }
  await machines.run("client", "ip link del wifi");
  await machines.run("router", "ip link set home-client up");
  // NetworkManager notices the carrier by itself.
  if (backend === "NetworkManager") return;
  await machines.run("client", "ip addr add 192.168.77.2/24 dev home", "ip route add default via 192.168.77.1");
  if (backend === "file") await changeServer(machines, backend, server);
};
