// A watched series: what was observed, the band it was expected in, where it left it; before and after, in grey, what was
// pushed and not evaluated. Below, on the same time axis, the score with its threshold of 1 and the evaluations that
// computed it. Where columns are judged together there is no one value, and the score has the room alone.
import { useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { Evaluation, PushedSeries, Score } from '../api/watch';
import { breakGaps, episodes, pickRows, take } from '../lib/downsample';
import { count, number, plural, score, stamp } from '../lib/format';
import { colour, faded } from '../lib/theme';
import { kAxisWidth, Plot, rangeWords, timeAxis, utcDate, valueAxis, type Build } from './plot';

interface Range {
  from: number;
  to: number;
}

interface Drawn {
  main: uPlot.AlignedData;
  lane: uPlot.AlignedData;
  /** The score that each drawn point is, -1 for a hole and for what was not evaluated. */
  rows: number[];
  /** The row of the newest score. */
  newest: number;
  /** There is a value to draw. */
  valued: boolean;
  /** Something not evaluated is drawn. */
  quiet: boolean;
  points: number;
  anomalies: number[];
  spans: [number, number][];
}

const kBuckets = 900;
const kMainHeight = 320;
const kLaneHeight = 116;
/** The last label of the time axis has room. */
const kRightSpace = 28;

function draw(scores: Score[], pushed: PushedSeries | null): Drawn {
  const time = scores.map((row) => row.time / 1000);
  const column = (name: 'value' | 'expected' | 'lower' | 'upper' | 'score'): (number | null)[] => scores.map((row) => row[name]);
  const [value, expected, lower, upper, scored] = [column('value'), column('expected'), column('lower'), column('upper'), column('score')];
  const flags = scores.map((row) => row.anomaly);
  const anomalous = flags.flatMap((flag, i) => (flag ? [i] : []));
  const rows = pickRows(time, [value, lower, upper, scored], kBuckets, anomalous);
  const gap = 3 * medianStep(time);
  const columns = [upper, lower, expected, value, scored].map((each) => take(each, rows));
  // Buckets without observations have no row: the line must not run across them.
  const broken = breakGaps(take(time, rows) as number[], columns, gap + (time.at(-1)! - time[0]!) / kBuckets);
  const [up, low, mid, seen, far] = broken.columns;
  const { head, tail } = outside(pushed, time[0]!, time.at(-1)!);
  const [before, after] = [head.time.length, tail.time.length];
  const around = (column: (number | null)[]): (number | null)[] => [...Array<null>(before).fill(null), ...column, ...Array<null>(after).fill(null)];
  // The grey line ends where the blue one begins.
  const quiet = seen!.map((value, i) => ((i === 0 && before > 0) || (i === seen!.length - 1 && after > 0) ? value : null));
  const axis = [...head.time, ...broken.time, ...tail.time];
  return {
    main: [axis, around(up!), around(low!), around(mid!), around(seen!), [...head.values, ...quiet, ...tail.values]],
    lane: [axis, around(far!)],
    rows: around(broken.rows).map((row) => (row === null || row < 0 ? -1 : rows[row]!)),
    newest: scores.length - 1,
    valued: before + after > 0 || value.some((each) => each !== null),
    quiet: before + after > 0,
    points: rows.length,
    anomalies: anomalous,
    spans: episodes(time, flags, gap).map(([a, b]) => [time[a]!, time[b]!]),
  };
}

interface Line {
  time: number[];
  values: number[];
}

/** What was pushed before `from` and after `to`, in s. */
function outside(pushed: PushedSeries | null, from: number, to: number): { head: Line; tail: Line } {
  const head: Line = { time: [], values: [] };
  const tail: Line = { time: [], values: [] };
  pushed?.times.forEach((ms, i) => {
    const line = ms / 1000 < from ? head : ms / 1000 > to ? tail : null;
    line?.time.push(ms / 1000);
    line?.values.push(pushed.values[i]!);
  });
  return { head, tail };
}

function medianStep(time: number[]): number {
  const steps = time.slice(1, 200).map((at, i) => at - time[i]!).sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 1;
}

export function SeriesChart({ scores, pushed, name, range, evaluations, onZoom }: {
  /** Of one entity and algorithm, ascending in time. */
  scores: Score[];
  /** Of the same entity, or null: nothing to show around the scores. */
  pushed: PushedSeries | null;
  name: string;
  range: Range;
  evaluations: Evaluation[];
  /** A range was dragged; null: back to where it was. */
  onZoom: (range: Range | null) => void;
}): JSX.Element {
  const at = useSignal<number | null>(null);
  const drawn = useMemo(() => draw(scores, pushed), [scores, pushed]);
  const hasScores = useMemo(() => scores.some((row) => row.score !== null), [scores]);
  const key = `watch-${name}`;

  const build = useMemo<Build>(() => () => mainOptions({ drawn, scores, range, at, key, onZoom }), [drawn, range.from, range.to]);
  const lane = useMemo<Build>(() => () => laneOptions({ drawn, scores, range, at, key, onZoom }), [drawn, range.from, range.to]);
  const summary = `${name}: ${plural(scores.length, 'observation')} from ${rangeWords(range.from, range.to)}, ${plural(drawn.anomalies.length, 'anomaly', 'anomalies')} in ${plural(drawn.spans.length, 'episode')}.`;

  return (
    <div class="series-chart">
      <Readout at={at} scores={scores} drawn={drawn} />
      {drawn.valued && <Plot build={build} data={drawn.main} height={kMainHeight} summary={summary} />}
      <Heartbeat evaluations={evaluations} range={range} />
      {hasScores && <Plot build={lane} data={drawn.lane} height={drawn.valued ? kLaneHeight : kMainHeight + kLaneHeight} summary={drawn.valued ? laneSummary(name) : `${summary} ${laneSummary(name)}`} />}
      <p class="chart-note">
        {drawn.points < scores.length
          ? `${count(drawn.points)} of ${plural(scores.length, 'point')} drawn, every extreme and every anomaly among them`
          : plural(scores.length, 'point')}
        {drawn.quiet && ' · grey: pushed, not evaluated'}
        {' · UTC · drag to zoom, double-click to go back'}
      </p>
    </div>
  );
}

const laneSummary = (name: string): string => `Anomaly score of ${name}; above 1 is an anomaly.`;

const kept = (row: number | undefined): number | null => (row === undefined || row < 0 ? null : row);

type Cursor = ReturnType<typeof useSignal<number | null>>;

interface Wiring {
  drawn: Drawn;
  scores: Score[];
  range: Range;
  at: Cursor;
  key: string;
  onZoom: (range: Range | null) => void;
}

function shared({ drawn, range, at, key, onZoom }: Wiring): Pick<uPlot.Options, 'cursor' | 'hooks' | 'legend' | 'tzDate' | 'padding' | 'scales'> {
  return {
    legend: { show: false },
    tzDate: utcDate,
    padding: [10, kRightSpace, 0, 0],
    scales: { x: { time: true, range: [range.from / 1000, range.to / 1000] } },
    cursor: {
      sync: { key, setSeries: false, scales: ['x', null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 1.5 },
      bind: { dblclick: () => () => { onZoom(null); return null; } },
    },
    hooks: {
      setCursor: [(plot) => { at.value = plot.cursor.idx === null || plot.cursor.idx === undefined || (plot.cursor.left ?? -1) < 0 ? null : kept(drawn.rows[plot.cursor.idx]); }],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        onZoom({ from: plot.posToVal(left, 'x') * 1000, to: plot.posToVal(left + width, 'x') * 1000 });
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}

function mainOptions(wiring: Wiring): ReturnType<Build> {
  const { drawn, scores } = wiring;
  const common = shared(wiring);
  const accent = colour('--accent');
  const clear = { width: 0, points: { show: false } };
  return {
    ...common,
    axes: [timeAxis(false), valueAxis()],
    series: [
      {},
      { ...clear, stroke: 'transparent' },
      { ...clear, stroke: 'transparent' },
      { stroke: faded('--accent', 0.6), width: 1, dash: [4, 4], points: { show: false } },
      { stroke: accent, width: 1.5, points: { show: drawn.points < 80, size: 5, fill: accent } },
      { stroke: faded('--fg-2', 0.5), width: 1.2, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: faded('--accent', 0.15) }],
    hooks: {
      ...common.hooks,
      drawClear: [(plot) => shadeEpisodes(plot, drawn.spans)],
      draw: [(plot) => markAnomalies(plot, drawn.anomalies.map((row) => scores[row]!))],
    },
  };
}

function laneOptions(wiring: Wiring): ReturnType<Build> {
  const common = shared(wiring);
  const top = wiring.scores.reduce((most, row) => Math.max(most, row.score ?? 0), 0);
  return {
    ...common,
    scales: { ...common.scales, y: { range: [0, Math.max(1.6, top * 1.08)] } },
    axes: [timeAxis(), { ...valueAxis(), space: 28 }],
    series: [{}, { stroke: colour('--fg-2'), width: 1.2, fill: faded('--fg-2', 0.1), points: { show: false } }],
    hooks: {
      ...common.hooks,
      drawClear: [(plot) => shadeEpisodes(plot, wiring.drawn.spans)],
      draw: [drawThreshold],
    },
  };
}

/** The least width of an episode's shade, in device px: one point must be seen. */
const kLeastShade = 3;

function shadeEpisodes(plot: uPlot, spans: [number, number][]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = faded('--alarm', 0.13);
  for (const [from, to] of spans) {
    const left = plot.valToPos(from, 'x', true);
    const width = Math.max(kLeastShade, plot.valToPos(to, 'x', true) - left);
    const start = Math.max(bbox.left, left - kLeastShade / 2);
    const end = Math.min(bbox.left + bbox.width, left + width);
    if (end > start) ctx.fillRect(start, bbox.top, end - start, bbox.height);
  }
  ctx.restore();
}

function markAnomalies(plot: uPlot, rows: Score[]): void {
  const { ctx, bbox } = plot;
  const size = 4.2 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour('--alarm');
  ctx.strokeStyle = colour('--surface');
  ctx.lineWidth = 1.4 * devicePixelRatio;
  for (const row of rows) {
    if (row.value === null) continue;
    const x = plot.valToPos(row.time / 1000, 'x', true);
    const y = plot.valToPos(row.value, 'y', true);
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.stroke();
    ctx.fill();
  }
  ctx.restore();
}

function drawThreshold(plot: uPlot): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(1, 'y', true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour('--alarm');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function Readout({ at, scores, drawn }: { at: Cursor; scores: Score[]; drawn: Drawn }): JSX.Element {
  const row = useComputed(() => scores[at.value ?? drawn.newest]).value;
  if (!row) return <div class="readout" />;
  return (
    <div class={row.anomaly ? 'readout alarm' : 'readout'}>
      <span class="when">{stamp(row.time)}</span>
      {drawn.valued && <span class="key line">observed <b>{number(row.value)}</b></span>}
      {row.expected !== null && <span class="key dash">expected <b>{number(row.expected)}</b></span>}
      {row.lower !== null && <span class="key band">band <b>{number(row.lower)} … {number(row.upper)}</b></span>}
      <span class="key">score <b>{score(row.score)}</b></span>
      {row.anomaly && <span class="key diamond">anomaly</span>}
    </div>
  );
}

/** One cell per evaluation over the range: a hole is a time nobody looked at. */
function Heartbeat({ evaluations, range }: { evaluations: Evaluation[]; range: Range }): JSX.Element | null {
  const width = range.to - range.from;
  const inside = evaluations.filter((each) => each.to !== null && each.to >= range.from && (each.from ?? each.to) <= range.to);
  if (inside.length === 0) return null;
  const anomalous = inside.filter((each) => each.anomalies > 0).length;
  return (
    <div class="heartbeat">
      <span class="heartbeat-label" style={{ width: `${kAxisWidth}px` }}>evaluated</span>
      <svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={`${plural(inside.length, 'evaluation')} in this range, ${count(anomalous)} with anomalies.`}>
        {inside.map((each) => {
          const start = Math.max(0, (((each.from ?? each.to!) - range.from) / width) * 1000);
          const end = Math.min(1000, ((each.to! - range.from) / width) * 1000);
          return (
            <rect key={each.id || each.to} x={start} y="0" width={Math.max(1.5, end - start - 1)} height="10" class={each.anomalies > 0 ? 'bad' : 'good'}>
              <title>{`up to ${stamp(each.to!)}: ${plural(each.rows, 'row')}, ${plural(each.anomalies, 'anomaly', 'anomalies')}`}</title>
            </rect>
          );
        })}
      </svg>
    </div>
  );
}
