import { command, must } from "../harness/command.ts";
import { libraries, programs } from "../harness/unpacked.ts";
import { until } from "../harness/wait.ts";
import type { Machines } from "./machines.ts";

/** The name server outside the intranet. */
export const outsideServer = "192.0.2.53";

/** The DNS manager of a host. */
export type Backend = "file" | "systemd-resolved" | "NetworkManager";

const environment = `LD_LIBRARY_PATH=${libraries.LD_LIBRARY_PATH}`;

/** A separate system bus at the usual path. */
const bus = `mkdir -p /run/dbus
cat > /run/bus.conf <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow eavesdrop="true"/>
</policy></busconfig>
END
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile 2> /run/bus.log & echo $! >> /run/pids
while ! [ -S /run/dbus/system_bus_socket ]; do sleep 0.02; done`;

const startResolved = `env ${environment} ${programs.resolved} 2>> /run/resolved.log & echo $! >> /run/pids; echo $! > /run/resolved.pid`;

const resolved = `grep -q ^systemd-resolve: /etc/passwd || {
  echo systemd-resolve:x:994:994::/:/usr/sbin/nologin >> /etc/passwd; echo systemd-resolve:x:994: >> /etc/group; }
mkdir -p /run/systemd/resolve /etc/systemd/resolved.conf.d
chown systemd-resolve:systemd-resolve /run/systemd/resolve
printf '[Resolve]\\nLLMNR=no\\nMulticastDNS=no\\nDNS=\\nFallbackDNS=\\n' > /etc/systemd/resolved.conf.d/test.conf
rm -f /etc/resolv.conf
ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
${startResolved}
while ! [ -e /run/systemd/resolve/stub-resolv.conf ]; do sleep 0.02; done`;

const startNetworkManager = `env ${environment} ${programs.networkManager} --no-daemon --config=/run/nm.conf --config-dir=/run/nm-none --intern-config=/run/nm-intern.conf --state-file=/run/nm.state --pid-file=/run/nm.pid > /run/nm.log 2>&1 \\
  & echo $! >> /run/pids; echo $! > /run/nm-own.pid`;

/** NetworkManager's DNS mode: it writes the name servers itself, or uses a resolver. */
export type Mode = "default" | "systemd-resolved" | "dnsmasq";

/** NetworkManager waits for udev, unless /sys is read-only. */
const networkManager = (mode: Mode): string => `mount -t sysfs -o ro sysfs /sys
mkdir -p /run/NetworkManager /run/nm-none /etc/NetworkManager/system-connections
chmod 700 /etc/NetworkManager/system-connections
mount -t tmpfs tmpfs /var/lib
printf '[main]\nplugins=keyfile\ndns=${mode}\n${mode === "systemd-resolved" ? "" : "rc-manager=file\n"}auth-polkit=false\n' > /run/nm.conf
${startNetworkManager}
i=0; while ! env ${environment} ${programs.nmcli} general status > /dev/null 2>&1; do i=$((i+1)); [ $i -lt 200 ]; sleep 0.05; done`;

/** The path where NetworkManager looks for dnsmasq. */
const dnsmasq = `mount -t tmpfs tmpfs /usr/local/sbin
cat > /usr/local/sbin/dnsmasq <<'END'
#!/bin/sh
echo $$ >> /run/pids
exec env ${environment} ${programs.dnsmasq} "$@" --user=root
END
chmod 755 /usr/local/sbin/dnsmasq`;

/** Sets up this DNS manager on the client; its link "home" has the outside name server. */
export const furnish =
  (backend: Backend) =>
  async (machines: Machines): Promise<void> => {
    if (backend === "file") return machines.furnish("client");
    if (backend === "NetworkManager") return furnishManager("default")(machines);
    await machines.furnish("client", `${bus}\n${resolved}`);
    await resolvectl(machines, "dns", "home", outsideServer);
    await resolvectl(machines, "default-route", "home", "yes");
  };

/** The same with NetworkManager in one of its DNS modes. */
export const furnishManager =
  (mode: Mode) =>
  async (machines: Machines): Promise<void> => {
    const before = { default: ":", "systemd-resolved": resolved, dnsmasq }[mode];
    await machines.furnish("client", `${bus}\n${before}\n${networkManager(mode)}`);
    await connectHome(machines, outsideServer);
  };

export const resolvectl = (machines: Machines, ...args: string[]): Promise<string> =>
  must(machines.on("client", resolvectlCommand(...args)));

export const resolvectlCommand = (...args: string[]): string[] => [
  ...["env", environment, programs.resolvectl, "--no-pager", ...args],
];

export const nmcli = (machines: Machines, ...args: string[]): Promise<string> =>
  must(machines.on("client", ["env", environment, programs.nmcli, ...args]));

/** Configures the link "home" by NetworkManager, with a name server. */
const connectHome = async (machines: Machines, server: string): Promise<void> => {
  const ipv4 = ["ipv4.method", "manual", "ipv4.addresses", "192.168.77.2/24", "ipv4.gateway", "192.168.77.1"];
  const profile = ["type", "ethernet", "ifname", "home", "con-name", "cable", ...ipv4, "ipv4.dns", server];
  await nmcli(machines, "con", "add", ...profile, "ipv6.method", "disabled");
  await nmcli(machines, "con", "up", "cable");
};

/** Restarts systemd-resolved or NetworkManager, as a package update does. */
export const restartKeeper = async (machines: Machines, backend: Backend): Promise<void> => {
  const isResolved = backend === "systemd-resolved";
  const pid = isResolved ? "/run/resolved.pid" : "/run/nm-own.pid";
  const sh = async (script: string) => (await command(machines.on("client", ["sh", "-c", script]))).code === 0;
  await sh(`kill $(cat ${pid})`);
  await until(`${backend} has ended`, async () => !(await sh(`kill -0 $(cat ${pid})`)));
  await sh(`(${isResolved ? startResolved : startNetworkManager}) > /dev/null < /dev/null`);
  const asked = isResolved ? [programs.resolvectl, "--no-pager", "status"] : [programs.nmcli, "general", "status"];
  await until(`${backend} answers`, () => sh(`env ${environment} ${asked.join(" ")}`));
};

/** Replaces the name server by another network's, without regard for the tunnel. */
export const changeServer = async (machines: Machines, backend: Backend, server: string): Promise<void> => {
  switch (backend) {
    case "file": {
      const lines = `nameserver ${server}\\noptions timeout:1 attempts:1\\n`;
      await must(
        machines.on("client", [
          "sh",
          "-c",
          `printf '${lines}' > /etc/resolv.conf.dhcp && mv /etc/resolv.conf.dhcp /etc/resolv.conf`,
        ]),
      );
      break;
    }
    case "systemd-resolved":
      await resolvectl(machines, "dns", "home", server);
      break;
    case "NetworkManager":
      await nmcli(machines, "con", "modify", "cable", "ipv4.dns", server);
      await nmcli(machines, "con", "up", "cable");
  }
};

/** All settings that affect DNS, as text. For systemd-resolved those of each link, without link numbers. */
export const namesState = async (machines: Machines, backend: Backend): Promise<string> => {
  const conf = await must(
    machines.on("client", ["sh", "-c", "stat -c '%A %N' /etc/resolv.conf; cat /etc/resolv.conf"]),
  );
  if (backend !== "systemd-resolved") return conf;
  const links = await resolvectl(machines, "status");
  const kept = links.split("\n").filter((line) => !/Current (DNS Server|Scopes)/.test(line));
  return `${conf}\n${kept
    .join("\n")
    .replaceAll(/Link \d+/g, "Link")
    .replaceAll(/ +/g, " ")}`;
};
