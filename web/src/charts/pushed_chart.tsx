// Observations as they were pushed, before any detector looked at them: one quiet line for each series.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { PushedSeries } from '../api/watch';
import { plural } from '../lib/format';
import { colour, faded } from '../lib/theme';
import { Plot, rangeWords, timeAxis, utcDate, valueAxis, type Build } from './plot';

const kMostLines = 12;
const kHeight = 240;

export function PushedChart({ series, name }: { series: PushedSeries[]; name: string }): JSX.Element {
  const data = useMemo(() => align(series.slice(0, kMostLines)), [series]);
  const [from, to] = [data[0]![0]!, data[0]!.at(-1)!];
  const build = useMemo<Build>(
    () => () => ({
      legend: { show: false },
      tzDate: utcDate,
      padding: [10, 28, 0, 0],
      cursor: { show: false },
      scales: { x: { time: true } },
      axes: [timeAxis(), valueAxis()],
      series: [{}, ...data.slice(1).map((_, i) => ({ stroke: i === 0 ? colour('--fg-2') : faded('--fg-2', 0.55), width: 1.2, spanGaps: true, points: { show: false } }))],
    }),
    [data],
  );
  return (
    <div class="series-chart pushed">
      <Plot build={build} data={data} height={kHeight} summary={`${name} as it was pushed, ${plural(series.length, 'series', 'series')} from ${rangeWords(from * 1000, to * 1000)}.`} />
      <p class="chart-note">{name} as it was pushed · {plural(series.length, 'series', 'series')}{series.length > kMostLines && `, ${kMostLines} of them drawn`} · UTC</p>
    </div>
  );
}

/** One time axis for all. */
function align(series: PushedSeries[]): uPlot.AlignedData {
  return uPlot.join(series.map((each) => [each.times.map((at) => at / 1000), each.values]));
}
