import { expect, it } from "vitest";
import { domain, filePath } from "../harness/intranet/plan.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true, uncapped: true });

const mbit = 1_000_000;

interface Statistics {
  id: string;
  direction: "up" | "down";
  bytes: number;
}

it("the bandwidth of an instance and the ceiling of a class limit downloads, and the packets of the class are counted", async () => {
  const { site } = company;
  const [instance] = await site.sagctl<{ id: string }[]>(["instance", "list"]);
  const id = instance?.id ?? "";
  const { person } = await company.connected();
  /** Downloads for four seconds, and returns the rate without the first one, Mbit/s of payload. */
  const download = async () => {
    const parts = ["-sS", "-o", "/dev/null", "--max-time", "4", "-w", "%{size_download} %{time_total}"];
    const { stdout } = await person.sag(["run", "curl", ...parts, `http://portal.${domain}${filePath}`]);
    const [bytes = 0, seconds = 1] = stdout.trim().split(" ").map(Number);
    return (bytes * 8) / seconds / mbit;
  };
  await site.sagctl(["policy", "set", "--instance", id, "--bandwidth", "20"]);
  const limited = await download();
  expect(limited).toBeGreaterThan(10);
  expect(limited).toBeLessThan(21);

  const { id: qos } = await site.sagctl<{ id: string }>(["qos", "create", "web"]);
  const { id: car } = await site.sagctl<{ id: string }>([
    ...["qos", "add-car", qos, "--priority", "1", "--min-mbit", "1", "--max-mbit", "4"],
  ]);
  await site.sagctl(["qos", "add-policy", qos, "--priority", "1", "--protocol", "TCP", "--dest-ports", "80/80"]);
  await site.sagctl(["qos", "use", qos, id]);
  const ofClass = await download();
  expect(ofClass).toBeGreaterThan(2);
  expect(ofClass).toBeLessThan(4.4);

  // Access points report their counters every 10 s.
  await expect
    .poll(
      async () => {
        const rows = await site.sagctl<Statistics[]>(["qos", "statistics", id]);
        return rows.find((row) => row.id === car && row.direction === "down")?.bytes ?? 0;
      },
      { timeout: 30_000, interval: 500 },
    )
    .toBeGreaterThan((mbit / 8) * 3);
});
