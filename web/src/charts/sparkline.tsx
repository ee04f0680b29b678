// The newest stretch of a watched series in the height of a line of text: what was observed over the band it was
// expected in, anomalies as dots. Plain SVG: the first page needs no charting library.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Score } from '../api/watch';
import { plural } from '../lib/format';

const kWidth = 300;
const kHeight = 40;
const kEdge = 4;

/** Between these the drawing fits: values and anomalies always; of the band what lies within half their spread. */
function extent(scores: Score[]): [number, number] {
  const seen = scores.flatMap((row) => row.value ?? []);
  let [low, high] = [Math.min(...seen), Math.max(...seen)];
  const room = (high - low) / 2 || Math.abs(high) * 0.05 || 1;
  const [least, most] = [low - room, high + room];
  for (const row of scores) {
    if (row.lower !== null) low = Math.min(low, Math.max(least, row.lower));
    if (row.upper !== null) high = Math.max(high, Math.min(most, row.upper));
  }
  return [low, high];
}

interface Drawn {
  line: string;
  band: string;
  dots: [number, number][];
}

function draw(scores: Score[]): Drawn {
  const [from, to] = [scores[0]!.time, scores.at(-1)!.time];
  const [low, high] = extent(scores);
  const x = (time: number): number => (to > from ? ((time - from) / (to - from)) * (kWidth - 2 * kEdge) + kEdge : kWidth / 2);
  const y = (value: number): number => kHeight - kEdge - ((Math.max(low, Math.min(high, value)) - low) / (high - low || 1)) * (kHeight - 2 * kEdge);
  const at = (time: number, value: number): string => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
  let line = '';
  let open = false;
  for (const row of scores) {
    if (row.value !== null) line += `${open ? 'L' : 'M'}${at(row.time, row.value)}`;
    open = row.value !== null;
  }
  const banded = scores.filter((row) => row.lower !== null && row.upper !== null);
  const edge = [...banded.map((row) => at(row.time, row.upper!)), ...banded.reverse().map((row) => at(row.time, row.lower!))];
  const dots = scores.filter((row) => row.anomaly && row.value !== null).map((row): [number, number] => [x(row.time), y(row.value!)]);
  return { line, band: edge.length > 0 ? `M${edge.join('L')}Z` : '', dots };
}

/** `scores` ascending in time, of one series. */
export function Sparkline({ scores }: { scores: Score[] }): JSX.Element {
  const { line, band, dots } = useMemo(() => draw(scores), [scores]);
  return (
    <svg class="sparkline" viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" role="img" aria-label={`The last ${plural(scores.length, 'bucket')}, ${plural(dots.length, 'anomaly', 'anomalies')} among them.`}>
      <path class="band" d={band} />
      <path class="line" d={line} />
      {dots.map(([x, y]) => <path key={`${x}/${y}`} class="dot" d={`M${x} ${y}h0`} />)}
    </svg>
  );
}
