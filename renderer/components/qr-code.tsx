import { useMemo } from "react";
import { encode } from "uqr";
import "./qr-code.css";

/** Width of the light border in modules, as the QR code standard (ISO/IEC 18004) requires. */
const quietZone = 4;

/** A QR code. Dark on light in every theme, because many readers do not support inverted codes. */
export const QrCode = ({ text, label }: { text: string; label: string }) => {
  const { size, path } = useMemo(() => {
    const code = encode(text, { ecc: "M", border: quietZone });
    return { size: code.size, path: pathOf(code.data) };
  }, [text]);
  return (
    <svg className="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};

/** Draws each run of dark modules in a row as one rectangle. */
const pathOf = (rows: boolean[][]): string => {
  let path = "";
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      const from = x;
      while (row[x]) x += 1;
      if (x > from) path += `M${from} ${y}h${x - from}v1H${from}z`;
    }
  }
  return path;
};
