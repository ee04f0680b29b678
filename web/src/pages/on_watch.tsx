// The watched series at a glance, those of detectors in trouble first.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { listNewestScores, type OnlineModel, type Score } from '../api/watch';
import { Sparkline } from '../charts/sparkline';
import { Ago, Card } from '../components/bits';
import { Icon } from '../components/icons';
import { Waiting } from '../components/states';
import { number, plural } from '../lib/format';
import { useQuery } from '../lib/query';
import { href } from '../lib/router';
import type { Watched } from '../lib/watchlist';

/** Lines at most, shared among the detectors. */
const kShown = 5;
const kBuckets = 96;

/** The series in `scores`, each ascending in time; those with the newest anomalies first. */
function apart(scores: Score[]): Score[][] {
  const found = new Map<string, { rows: Score[]; anomaly: number }>();
  for (const row of scores) {
    const key = `${row.entity}|${row.algorithm}`;
    const series = found.get(key) ?? { rows: [], anomaly: -Infinity };
    series.rows.push(row);
    if (row.anomaly) series.anomaly = row.time;
    found.set(key, series);
  }
  return [...found.values()].sort((a, b) => b.anomaly - a.anomaly || 0).map((series) => series.rows);
}

/** At most `most` lines of a model. */
function Lines({ watched, model, most }: { watched: Watched; model: OnlineModel; most: number }): JSX.Element {
  const from = model.mark - kBuckets * watched.detector.granularity;
  const answer = useQuery(`newest-scores/${model.name}`, (signal) => listNewestScores(model.name, from, signal), { every: 15_000, keep: true });
  const series = useMemo(() => apart(answer.data ?? []).slice(0, most), [answer.data, most]);
  return <>{(series.length > 0 ? series : [[]]).map((rows) => <Line key={rows[0]?.entity} watched={watched} model={model} rows={rows} />)}</>;
}

function Line({ watched: { detector, state }, model, rows }: { watched: Watched; model: OnlineModel; rows: Score[] }): JSX.Element {
  const newest = rows.at(-1);
  const where = new URLSearchParams({ model: model.name, ...(newest && { entity: newest.entity, algorithm: newest.algorithm }) });
  return (
    <li class={`watch-line state-${state.name}`}>
      <span class="watch-name">
        <a class="strong" href={href(`/detectors/${encodeURIComponent(detector.name)}?${where}`)}>{detector.name}</a>
        <small class="quiet">{newest?.entity || model.metric.name} · <Ago at={detector.lastEvaluation} /></small>
      </span>
      {rows.length > 1 ? <Sparkline scores={rows} /> : <span class="sparkline" />}
      <span class="watch-value"><b class={`num ${newest?.anomaly ? 'alarm-text' : ''}`}>{newest ? number(newest.value, 4) : ''}</b> <span title={state.reason}><Icon name={state.name} size={15} /></span></span>
    </li>
  );
}

export function OnWatch({ watched }: { watched: Watched[] | undefined }): JSX.Element | null {
  const trained = (watched ?? []).filter((each) => each.detector.models.length > 0);
  if (watched && trained.length === 0) return null;
  const rest = trained.length - kShown;
  return (
    <Card title="On watch" note="newest evaluations" look="watch-card" actions={<a href={href('/detectors')}>{rest > 0 ? `All ${plural(watched!.length, 'detector')}` : 'All detectors'}</a>}>
      {!watched ? <Waiting rows={4} /> : <ul>{trained.slice(0, kShown).map((each) => <Lines key={each.detector.name} watched={each} model={each.detector.models[0]!} most={Math.max(1, Math.floor(kShown / trained.length))} />)}</ul>}
    </Card>
  );
}
