/** Days of life as bars, ours and the other's, on a scale of decades. */

export interface Bar {
  readonly label: string;
  readonly ours: number;
  readonly rival: number;
}

const WIDTH = 900;
const LEFT = 210;
const ROW = 30;
const TOP = 70;
const DECADES = [1, 10, 100, 1_000, 10_000];
const DAYS_MOST = 10_000;

export function svgOf(bars: readonly Bar[], mAh: number): string {
  const height = TOP + bars.length * ROW + 20;
  const x = (days: number) =>
    LEFT + ((WIDTH - LEFT - 40) * Math.log10(Math.max(1, days))) / Math.log10(DAYS_MOST);
  const bar = (y: number, days: number, colour: string) =>
    `<rect x="${LEFT}" y="${y}" width="${(x(days) - LEFT).toFixed(1)}" height="10" rx="2" ` +
    `fill="${colour}"/><text x="${(x(days) + 4).toFixed(1)}" y="${y + 9}" font-size="10">` +
    `${days.toFixed(0)}</text>`;
  const rows = bars.map(({ label, ours, rival }, n) => {
    const y = TOP + n * ROW;
    const text = `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${label}</text>`;
    return `${text}${bar(y, ours, "#2563eb")}${bar(y + 12, rival, "#d97706")}`;
  });
  const lines = DECADES.map(
    (days) =>
      `<line x1="${x(days)}" y1="${TOP - 8}" x2="${x(days)}" y2="${height - 10}" stroke="#ddd"/>` +
      `<text x="${x(days)}" y="${TOP - 12}" text-anchor="middle" fill="#666">${days} d</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      `font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="10" y="24" font-size="16">Days on ${mAh} mAh: a beat with nextbeat (blue), the same ` +
      "over MQTT and TLS (amber)</text>",
    ...lines,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}
