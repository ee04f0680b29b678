// One metric of a run over its steps. Fetched when it comes into view; smoothed on every point before fewer are drawn,
// the raw line faint below.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { getHistory, type History } from '../api/mlflow';
import { Failure } from '../components/states';
import { pickRows, smooth, take } from '../lib/downsample';
import { count, number, plural } from '../lib/format';
import { useQuery } from '../lib/query';
import { colour, faded } from '../lib/theme';
import { Plot, stepAxis, timeAxis, utcDate, valueAxis, type Build } from './plot';

const kHeight = 200;
const kBuckets = 400;

export type Axis = 'step' | 'time';

export function MetricChart({ run, name, live, smoothing, axis }: {
  run: string;
  name: string;
  live: boolean;
  smoothing: number;
  axis: Axis;
}): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
    }, { rootMargin: '200px' });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const history = useQuery(seen ? `history/${run}/${name}` : null, (signal) => getHistory(run, name, signal), { every: live ? 10_000 : 0 });
  const last = history.data?.value.at(-1);

  return (
    <figure ref={box} class="metric-chart">
      <figcaption>
        <span class="name" title={name}>{name}</span>
        <b class="num">{number(last)}</b>
      </figcaption>
      {history.data ? (
        <Line history={history.data} name={name} smoothing={smoothing} axis={axis} />
      ) : history.error ? (
        <Failure error={history.error} retry={history.refresh} />
      ) : (
        <div class="plot waiting-plot" style={{ height: `${kHeight}px` }} role="status" aria-label={`Loading ${name}`} />
      )}
      <p class="chart-note">{history.data ? note(history.data) : ' '}</p>
    </figure>
  );
}

function note(history: History): string {
  if (!history.whole) return `the first ${count(history.value.length)} points`;
  return plural(history.value.length, 'point');
}

function Line({ history, name, smoothing, axis }: { history: History; name: string; smoothing: number; axis: Axis }): JSX.Element {
  const data = useMemo<uPlot.AlignedData>(() => {
    const order = history.value.map((_, i) => i);
    if (axis === 'time') order.sort((a, b) => history.time[a]! - history.time[b]!);
    const x = order.map((i) => (axis === 'time' ? history.time[i]! / 1000 : history.step[i]!));
    const raw = order.map((i) => history.value[i]!);
    const even = smoothing > 0 ? smooth(raw, smoothing) : raw;
    const rows = pickRows(x, [raw, even], kBuckets);
    return [take(x, rows) as number[], take(raw, rows), take(even, rows)];
  }, [history, smoothing, axis]);
  const build = useMemo<Build>(() => () => {
    const accent = colour('--accent');
    const few = data[0].length < 60;
    return {
      legend: { show: false },
      tzDate: utcDate,
      padding: [8, 8, 0, 0],
      scales: { x: { time: axis === 'time' } },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      axes: [axis === 'time' ? timeAxis() : stepAxis(), valueAxis()],
      series: [
        {},
        { stroke: faded('--accent', smoothing > 0 ? 0.3 : 0), width: 1, points: { show: false } },
        { stroke: accent, width: 1.6, points: { show: few, size: 4, fill: accent } },
      ],
    };
  }, [data, smoothing, axis]);
  const values = history.value.filter(Number.isFinite);
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return <Plot build={build} data={data} height={kHeight} summary={`${name}: ${plural(history.value.length, 'point')} between ${number(least)} and ${number(most)}, last ${number(history.value.at(-1))}.`} />;
}
