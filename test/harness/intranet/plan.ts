/** The intranet of trial and tests: the services at its addresses. */
export const domain = "trial.internal";

/** Only reachable through the tunnel, because the host has no network with these addresses. */
export const network = "10.77.0.0/24";
export const addresses = {
  portal: "10.77.0.80",
  names: "10.77.0.53",
  echo: "10.77.0.7",
} as const;

export const records: Record<string, string> = {
  [`portal.${domain}`]: addresses.portal,
  [`files.${domain}`]: addresses.portal,
  [`dns.${domain}`]: addresses.names,
  [`echo.${domain}`]: addresses.echo,
};

export const portalUrl = `http://portal.${domain}/`;

/** The text of the portal's page. */
export const portalText = "You are inside the intranet.";

/** bytes. */
export const fileSize = 64 * 1024 * 1024;
export const filePath = "/64MB.bin";
export const uploadPath = "/upload";
