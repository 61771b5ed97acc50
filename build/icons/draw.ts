import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { at } from "../lib/root.ts";
import { main, say } from "../lib/say.ts";

/**
 * Draws the app's icon and the tray icons: `node build/icons/draw.ts`. The results are committed, so that a build needs no browser.
 * Tray icons show the state by shape as well as colour, for light and dark panels.
 */
const shapes: Record<string, string> = {
  neutral: `<circle cx="16" cy="16" r="11" fill="none" stroke="INK" stroke-width="3"/><path d="M11 16h10" stroke="INK" stroke-width="3" stroke-linecap="round"/>`,
  progress: `<circle cx="16" cy="16" r="11" fill="none" stroke="INK" stroke-width="3" stroke-dasharray="12 5.28" stroke-linecap="round"/><circle cx="16" cy="16" r="3" fill="INK"/>`,
  good: `<circle cx="16" cy="16" r="13" fill="TONE"/><path d="M10.5 16.5l4 4 7.5-8.5" fill="none" stroke="MARK" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>`,
  caution: `<path d="M16 3.5L30 28H2z" fill="TONE" stroke="TONE" stroke-width="2" stroke-linejoin="round"/><path d="M16 12v8M16 24v.1" stroke="MARK" stroke-width="3" stroke-linecap="round"/>`,
  stopped: `<path d="M10.5 3h11L29 10.5v11L21.5 29h-11L3 21.5v-11z" fill="TONE"/><path d="M11.5 11.5l9 9M20.5 11.5l-9 9" stroke="MARK" stroke-width="3" stroke-linecap="round"/>`,
};

const bars = {
  light: { INK: "#3d434d", MARK: "#ffffff", good: "#0a7a3d", caution: "#9a6200", stopped: "#c4302b" },
  dark: { INK: "#e4e7ec", MARK: "#15181d", good: "#4fd08a", caution: "#f2bd55", stopped: "#ff8a80" },
} as const;

/** The app icon: a gate that opens into a ring. */
const appIcon = `
<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#2f7ae5"/><stop offset="1" stop-color="#1a4fae"/></linearGradient></defs>
<rect x="32" y="32" width="448" height="448" rx="104" fill="url(#g)"/>
<circle cx="256" cy="256" r="116" fill="none" stroke="#fff" stroke-width="44" stroke-dasharray="546.6 182.2" stroke-dashoffset="-91.1" stroke-linecap="round"/>
<path d="M256 256h150" stroke="#fff" stroke-width="44" stroke-linecap="round"/>
<circle cx="256" cy="256" r="30" fill="#fff"/>`;

const draw = async (): Promise<void> => {
  const folder = at("build/icons");
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.SAG_CHROMIUM ?? "/usr/bin/chromium",
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const page = await browser.newPage();
  const save = async (name: string, svg: string, grid: number, size: number): Promise<void> => {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(
      `<style>body{margin:0}svg{display:block}</style><svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${grid} ${grid}">${svg}</svg>`,
    );
    await page.screenshot({ path: `${folder}/${name}.png`, omitBackground: true });
  };
  await save("icon", appIcon, 512, 512);
  for (const [bar, colours] of Object.entries(bars)) {
    for (const [tone, shape] of Object.entries(shapes)) {
      const fill = colours[tone as keyof typeof colours] ?? colours.INK;
      const svg = shape.replaceAll("INK", colours.INK).replaceAll("MARK", colours.MARK).replaceAll("TONE", fill);
      await save(`tray-${tone}-${bar}`, svg, 32, 16);
      await save(`tray-${tone}-${bar}@2x`, svg, 32, 32);
    }
  }
  await browser.close();
  say(`icons: drawn into ${folder}`);
};

if (import.meta.main) await main(draw);
