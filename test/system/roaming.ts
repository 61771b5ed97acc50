import { type Backend, changeServer, nmcli, resolvectl } from "./backends.ts";
import type { Machines } from "./machines.ts";

/** The client's going over from its cable, "home", to another link in another network, "wifi", and back. */
const address = "192.168.78.2";
const router = "192.168.78.1";

/** There is another network to go to; NetworkManager knows it, with the name server there. */
export const offerWifi = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  if (backend === "NetworkManager") {
    const ipv4 = ["ipv4.method", "manual", "ipv4.addresses", `${address}/24`, "ipv4.gateway", router];
    const profile = ["type", "ethernet", "ifname", "wifi", "con-name", "wifi", ...ipv4, "ipv4.dns", server];
    // Like a radio it comes second as long as there is a cable.
    const second = ["ipv4.route-metric", "600", "ipv4.dns-priority", "200", "connection.autoconnect", "no"];
    await nmcli(machines, "con", "add", ...profile, ...second, "ipv6.method", "disabled");
  }
  await machines.plug("client", "wifi", "router", "cafe");
  await machines.run("router", `ip addr add ${router}/24 dev cafe`);
};

/** The cable loses its carrier first, and only then there is another way; `server` is the name server there. */
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

/** The other link goes, and the cable is plugged in again; `server` is the name server at home. */
export const leaveWifi = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  if (backend === "NetworkManager") {
    await nmcli(machines, "con", "down", "wifi");
    await nmcli(machines, "con", "delete", "wifi");
  }
  await machines.run("client", "ip link del wifi");
  await machines.run("router", "ip link set home-client up");
  // By itself: NetworkManager sees the carrier.
  if (backend === "NetworkManager") return;
  await machines.run("client", "ip addr add 192.168.77.2/24 dev home", "ip route add default via 192.168.77.1");
  if (backend === "file") await changeServer(machines, backend, server);
};
