/** A bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly isOwn: boolean;
}

/** Bars that are compared with each other. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 860;
const LABEL = 170;
const BAR = 15;
const GROUP_GAP = 34;
const TOP = 46;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .own { fill: #0969da }
  .other { fill: #afb8c1 }
  .one { stroke: #57606a; stroke-dasharray: 2 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .own { fill: #4493f8 }
    .other { fill: #545d68 }
    .one { stroke: #9198a1 }
  }`;

/**
 * Horizontal bars in groups, as an SVG that is read on light and on dark ground.
 * @param limit the value at which a bar is cut off; its text still says what it is
 * @param mark a value that all groups have a line at
 */
export function barChart(title: string, groups: readonly BarGroup[], limit: number, mark: number): string {
  const scale = (WIDTH - LABEL - 130) / limit;
  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    const height = group.bars.length * (BAR + 3);
    parts.push(text(0, y, group.title, 'title'));
    for (const [i, bar] of group.bars.entries()) {
      const top = y + 8 + i * (BAR + 3);
      const width = Math.min(bar.value, limit) * scale;
      parts.push(text(LABEL - 8, top + 11, bar.label, '', 'end'));
      parts.push(
        `<rect x="${LABEL}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${bar.isOwn ? 'own' : 'other'}"/>`,
      );
      parts.push(text(LABEL + width + 6, top + 11, bar.text));
    }
    const x = LABEL + mark * scale;
    parts.push(`<line x1="${x}" x2="${x}" y1="${y + 6}" y2="${y + 8 + height}" class="one"/>`);
    y += height + GROUP_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 ${WIDTH + 20} ${y}" width="${WIDTH + 20}" height="${y}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    text(0, 18, title, 'title'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, className = '', anchor = 'start'): string {
  const classes = className === '' ? '' : ` class="${className}"`;
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}"${classes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
