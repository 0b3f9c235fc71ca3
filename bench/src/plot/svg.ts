/* The few shapes that the plots are made of. Colours are told apart in black and white too, by their lightness. */

export const ink = '#24292f';
export const grid = '#d0d7de';
export const colours = [
  '#0b4f8a',
  '#e07a1f',
  '#2e8b57',
  '#8a5fbf',
  '#c0392b',
  '#7f8c8d',
  '#d4ac0d',
  '#16a085',
] as const;

/** A colour for the `index`th of several. */
export function colour(index: number): string {
  return colours[index % colours.length] ?? ink;
}

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly isBold?: boolean;
}

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { anchor = 'start', size = 12, isBold = false } = options;
  const weight = isBold ? ' font-weight="bold"' : '';
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}"${weight}>${escapeText(content)}</text>`;
}

export function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`;
}

export function polyline(points: readonly (readonly [number, number])[], stroke: string): string {
  const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="2"/>`;
}

/** A whole picture, on white, so that it can be read on a dark page too. */
export function picture(width: number, height: number, title: string, shapes: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${round(height)}" width="${width}" height="${round(height)}" role="img" font-family="sans-serif" fill="${ink}">`,
    `<title>${escapeText(title)}</title>`,
    rectangle(0, 0, width, height, '#ffffff'),
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

/** The least of 1, 2 and 5 times a power of ten that is not below: a round end for an axis. */
export function roundEnd(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= value) ?? 10 * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
