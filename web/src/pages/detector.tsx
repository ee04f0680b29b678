// One detector: can it be trusted, what does it see, what did it find. Scores are those stored at evaluation; nothing is
// computed anew at a zoom level.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { getDetector, listAnomalies, listEvaluations, listJobs, kMostScores, listScores, runDetector, getJob, type Anomaly, type Detector, type Job, type Metric, type OnlineModel, type Score } from '../api/watch';
import { ApiError } from '../api/http';
import { Ago, Card, Choice, Facts, now, Outcome, PageHead, StatePill, Stamp } from '../components/bits';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting, Command } from '../components/states';
import { say, sayError } from '../components/toast';
import { PushedChart } from '../charts/pushed_chart';
import { SeriesChart } from '../charts/series_chart';
import { count, plural, span, stamp, time } from '../lib/format';
import { usePages } from '../lib/pages';
import { invalidate, useQuery } from '../lib/query';
import { href, query, setQuery } from '../lib/router';
import { forDetector } from '../lib/snippets';
import { asYaml } from '../lib/yaml';
import { usePushed } from '../lib/pushed';
import { useWatchlist } from '../lib/watchlist';
import { AnomalyTable } from './anomaly_table';
import { ChannelsAt } from './channel_table';
import { Predictions } from './predictions';

interface Range {
  from: number;
  to: number;
}

const kDay = 86_400_000;
const kSpans: { value: string; text: string; ms: number }[] = [
  { value: '6h', text: '6 h', ms: kDay / 4 },
  { value: '1d', text: '1 d', ms: kDay },
  { value: '7d', text: '7 d', ms: 7 * kDay },
  { value: '30d', text: '30 d', ms: 30 * kDay },
  { value: '90d', text: '90 d', ms: 90 * kDay },
  { value: 'all', text: 'All', ms: Infinity },
];

/** About this many buckets are shown unless the address says otherwise. */
const kFirstLook = 1200;

function spanFor(detector: Detector): string {
  const ms = kFirstLook * detector.granularity;
  return (kSpans.find((each) => each.ms >= ms) ?? kSpans.at(-1)!).value;
}

export function DetectorPage({ name }: { name: string }): JSX.Element {
  const answer = useQuery(`detectors/${name}`, (signal) => getDetector(name, signal), { every: 15_000 });
  const watched = useWatchlist().watched?.find((each) => each.detector.name === name);
  const crumbs = [{ text: 'Detectors', to: '/detectors' }];

  if (!answer.data) {
    return (
      <>
        <PageHead title={name} crumbs={crumbs} />
        {answer.error ? <Failure error={answer.error} retry={answer.refresh} title={answer.error instanceof ApiError && answer.error.status === 404 ? `No detector is called “${name}”` : undefined!} /> : <Card><Waiting rows={12} /></Card>}
      </>
    );
  }
  const detector = answer.data;
  return (
    <>
      <PageHead title={name} crumbs={crumbs} mark={watched && <StatePill state={watched.state} />} lead={<Sentence detector={detector} />} code={forDetector(name, chosenModel(detector)?.name ?? '')}>
        <RunButtons name={name} trained={detector.models.length > 0} />
      </PageHead>
      <Stale error={answer.error} retry={answer.refresh} />
      {watched && !['healthy', 'untrained'].includes(watched.state.name) && <p class={`reason state-${watched.state.name}`}><Icon name={watched.state.name} /> {watched.state.reason}</p>}
      <Watch detector={detector} />
      {detector.definition.predict && <Predictions detector={detector} />}
      <div class="split even">
        <RecentJobs name={name} />
        <Card title="Definition" note="as applied">
          <pre class="source" tabIndex={0}>{asYaml(detector.definition)}</pre>
        </Card>
      </div>
    </>
  );
}

function Sentence({ detector }: { detector: Detector }): JSX.Element {
  return (
    <>
      {detector.description && <>{detector.description}{' · '}</>}
      {detector.lastEvaluation ? <>evaluated <Ago at={detector.lastEvaluation} /></> : 'not evaluated yet'}
      {' · '}{detector.schedule}
      {detector.nextEvaluation !== null && <> · next {detector.nextEvaluation > now.value ? <Ago at={detector.nextEvaluation} /> : 'now'}</>}
      {` · buckets of ${span(detector.granularity)}`}
      {` · ${detector.algorithms.join(', ')}`}
      {detector.mode !== 'prod' && ` · ${detector.mode}`}
    </>
  );
}

const kEnded = ['succeeded', 'failed', 'skipped', 'cancelled'];

function RunButtons({ name, trained }: { name: string; trained: boolean }): JSX.Element {
  const [job, setJob] = useState<Job | null>(null);
  const [asking, setAsking] = useState<Job['kind'] | ''>('');
  const watching = job !== null && !kEnded.includes(job.state);

  useEffect(() => {
    if (!job || kEnded.includes(job.state)) return;
    const stop = new AbortController();
    const timer = setInterval(() => {
      getJob(job.id, stop.signal)
        .then((next) => {
          setJob(next);
          if (kEnded.includes(next.state)) finish(next);
        })
        .catch((error) => { if (!stop.signal.aborted) { sayError(error); setJob(null); } });
    }, 700);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [job]);

  const finish = (ended: Job): void => {
    const link = <a href={href(`/jobs/${encodeURIComponent(ended.id)}`)}>Job</a>;
    if (ended.state === 'failed') say(<>{link} failed: {ended.error}</>, 'bad');
    else say(<>{link} {ended.state}.</>, ended.state === 'succeeded' ? 'good' : 'plain');
    for (const prefix of ['watchlist', `detectors/${name}`, 'scores/', 'evaluations/', 'pushed/', `anomalies/${name}`, `jobs-of/${name}`]) invalidate(prefix);
  };

  const run = async (kind: 'train' | 'evaluate'): Promise<void> => {
    setAsking(kind);
    try {
      const started = await runDetector(name, kind);
      setJob(started);
      if (kEnded.includes(started.state)) finish(started);
      else invalidate(`jobs-of/${name}`);
    } catch (error) {
      sayError(error);
    } finally {
      setAsking('');
    }
  };

  const busy = asking !== '' || watching;
  const which = asking || (watching ? job.kind : '');
  return (
    <>
      <button type="button" class={trained ? '' : 'primary'} disabled={busy} aria-busy={which === 'train'} onClick={() => void run('train')}>
        <Icon name="train" /> {which === 'train' ? 'Training…' : 'Train now'}
      </button>
      <button type="button" class={trained ? 'primary' : ''} disabled={busy || !trained} aria-busy={which === 'evaluate'} onClick={() => void run('evaluate')}>
        <Icon name="play" /> {which === 'evaluate' ? 'Evaluating…' : 'Evaluate now'}
      </button>
    </>
  );
}

/** A detector has an online model for each metric that is trained. */
function chosenModel(detector: Detector): OnlineModel | undefined {
  return detector.models.find((model) => model.name === query.value.get('model')) ?? detector.models[0];
}

function Watch({ detector }: { detector: Detector }): JSX.Element {
  const model = chosenModel(detector);
  return model ? <ModelWatch key={model.name} detector={detector} model={model} /> : <Untrained detector={detector} metric={detector.definition.metrics[0]!} />;
}

function Untrained({ detector, metric }: { detector: Detector; metric: Metric }): JSX.Element {
  const pushed = usePushed(metric, null, null);
  return (
    <Card flush={Boolean(pushed)} look="untrained">
      <Empty title="Not trained yet" command={`wakeful run ${detector.name} --kind train --wait --tracking-uri $SERVER`}>
        Once there are observations, training fits a model, registers it and puts it online. Press <b>Train now</b>, or:
      </Empty>
      {pushed && pushed.length > 0 && <PushedChart series={pushed} name={metric.name} />}
    </Card>
  );
}

interface Window {
  range: Range | null;
  /** The pressed button; '' for a range of its own. */
  spanName: string;
  /** Nobody chose it: it may shrink to what is there. */
  free: boolean;
}

function windowOf(detector: Detector, mark: number): Window {
  const params = query.value;
  const [from, to] = [time(params.get('from')), time(params.get('to'))];
  if (from !== null && to !== null && to > from) return { range: { from, to }, spanName: '', free: false };
  const spanName = params.get('span') ?? spanFor(detector);
  const width = kSpans.find((each) => each.value === spanName)?.ms ?? kDay;
  const at = time(params.get('at'));
  if (at !== null) {
    const ms = Math.min(width, 300 * detector.granularity);
    return { range: { from: at - ms / 2, to: at + ms / 2 }, spanName: '', free: false };
  }
  const end = mark + detector.granularity;
  return { range: width === Infinity ? null : { from: end - width, to: end }, spanName, free: !params.has('span') };
}

function ModelWatch({ detector, model }: { detector: Detector; model: OnlineModel }): JSX.Element {
  const evaluations = useQuery(`evaluations/${model.name}`, (signal) => listEvaluations(model.name, signal), { every: 15_000 });
  const { range, spanName, free } = windowOf(detector, model.mark);
  const everything = range === null;
  const at = time(query.value.get('at'));
  const key = `scores/${model.name}/${range ? `${range.from}/${range.to}` : 'all'}`;
  const scores = useQuery(key, (signal) => listScores(model.name, range ?? { from: null, to: null }, signal), { every: 15_000, keep: true });

  const entities = useMemo(() => [...new Set((scores.data ?? []).map((row) => row.entity))].sort(), [scores.data]);
  const algorithms = useMemo(() => [...new Set((scores.data ?? []).map((row) => row.algorithm))].sort(), [scores.data]);
  const wanted = { entity: query.value.get('entity') ?? '', algorithm: query.value.get('algorithm') ?? '' };
  const entity = entities.includes(wanted.entity) ? wanted.entity : (entities[0] ?? '');
  const algorithm = algorithms.includes(wanted.algorithm) ? wanted.algorithm : (algorithms[0] ?? '');
  const series = useMemo(
    () => (scores.data ?? []).filter((row) => row.entity === entity && row.algorithm === algorithm).sort((a, b) => a.time - b.time),
    [scores.data, entity, algorithm],
  );
  const pushed = usePushed(model.metric, scores.data ? entity : null, range);
  const shown = shownRange(range, series, free && pushed === null);

  const zoom = (next: Range | null): void =>
    setQuery(next ? { from: new Date(next.from).toISOString(), to: new Date(next.to).toISOString(), at: null, span: null } : { from: null, to: null, at: null }, { replace: false });
  const shift = (way: -1 | 1): void => { if (shown) zoom({ from: shown.from + (way * (shown.to - shown.from)) / 2, to: shown.to + (way * (shown.to - shown.from)) / 2 }); };

  return (
    <>
      <Card
        flush
        title="Watch"
        note={<Choosers models={detector.models} model={model.name} entities={entities} entity={entity} algorithms={algorithms} algorithm={algorithm} />}
        actions={
          <>
            <button type="button" class="icon-only" aria-label="Earlier" title="Earlier ( [ )" data-key="[" disabled={!shown || everything} onClick={() => shift(-1)}><Icon name="left" /></button>
            <Choice label="Range" value={spanName} options={kSpans} onChange={(value) => setQuery({ span: value, from: null, to: null, at: null }, { replace: false })} />
            <button type="button" class="icon-only" aria-label="Later" title="Later ( ] )" data-key="]" disabled={!shown || everything} onClick={() => shift(1)}><Icon name="chevron" /></button>
          </>
        }
      >
        <div class="chart-area" aria-busy={scores.loading}>
          {scores.error && !scores.data ? (
            <Failure error={scores.error} retry={scores.refresh} />
          ) : !scores.data ? (
            <div class="chart-waiting" role="status" aria-label="Loading scores" />
          ) : series.length > 0 && shown ? (
            <SeriesChart scores={series} pushed={pushed?.length === 1 ? pushed[0]! : null} name={entity || model.name} range={shown} evaluations={evaluations.data ?? []} onZoom={zoom} />
          ) : (
            <NothingScored detector={detector} mark={model.mark} range={shown} onAll={() => setQuery({ span: 'all', from: null, to: null, at: null })} />
          )}
        </div>
        {scores.data && scores.data.length >= kMostScores && <p class="chart-note">The range holds more than these {count(scores.data.length)} scores: zoom in to see the rest.</p>}
      </Card>
      {at !== null && <ChannelsAt model={model.name} algorithm={algorithm} at={at} />}
      <FoundAnomalies detector={detector} model={model} range={shown} series={series} entity={entity} algorithm={algorithm} />
      <ModelFacts model={model} />
    </>
  );
}

/** The whole of a short series fills the chart, unless the range was chosen or older observations are drawn. */
function shownRange(range: Range | null, series: Score[], fit: boolean): Range | null {
  if (series.length === 0) return range;
  const [first, last] = [series[0]!.time, series.at(-1)!.time];
  if (range === null) return { from: first, to: last };
  return fit && first > range.from ? { from: first, to: range.to } : range;
}

function NothingScored({ detector, mark, range, onAll }: { detector: Detector; mark: number; range: Range | null; onAll: () => void }): JSX.Element {
  if (detector.lastEvaluation === null) {
    return (
      <Empty title="Trained, not evaluated yet" command={`wakeful run ${detector.name} --kind evaluate --wait --tracking-uri $SERVER`}>
        The model is online and waits for its first evaluation. Press <b>Evaluate now</b>, or:
      </Empty>
    );
  }
  return (
    <Empty title="Nothing was scored in this range">
      {range && <>{stamp(range.from)} to {stamp(range.to)} UTC. </>}It has evaluated up to {stamp(mark)} UTC.{' '}
      <button type="button" class="link" onClick={onAll}>Show everything</button>
    </Empty>
  );
}

function Choosers({ models, model, entities, entity, algorithms, algorithm }: {
  models: OnlineModel[];
  model: string;
  entities: string[];
  entity: string;
  algorithms: string[];
  algorithm: string;
}): JSX.Element {
  const choosers: [string, string, string[], string][] = [
    ['model', 'Model', models.map((each) => each.name), model],
    ['entity', 'Series', entities, entity],
    ['algorithm', 'Algorithm', algorithms, algorithm],
  ];
  return (
    <span class="choosers">
      {choosers.map(([id, label, options, value]) =>
        options.length > 1 ? (
          <select key={id} aria-label={label} value={value} onChange={(event) => setQuery({ [id]: event.currentTarget.value })}>
            {options.map((option) => <option key={option} value={option}>{option || '(whole)'}</option>)}
          </select>
        ) : value ? <span key={id} class="chosen-word" title={label}>{value}</span> : null,
      )}
    </span>
  );
}

/** A score's channels, of the anomaly that it is. */
function toldOf(anomalies: Anomaly[], score: Score): Pick<Anomaly, 'channels' | 'channelCount' | 'outOfBounds'> {
  const found = anomalies.find((row) => row.time === score.time && row.algorithm === score.algorithm && row.entity === score.entity);
  return { channels: found?.channels ?? [], channelCount: found?.channelCount ?? 0, outOfBounds: found?.outOfBounds ?? null };
}

function FoundAnomalies({ detector, model, range, series, entity, algorithm }: {
  detector: Detector;
  model: OnlineModel;
  range: Range | null;
  series: Score[];
  entity: string;
  algorithm: string;
}): JSX.Element {
  const whole = query.value.get('anomalies') !== 'range';
  const answer = usePages(`anomalies/${detector.name}/${model.name}`, (token, signal) => listAnomalies({ model: model.name, token, limit: 200 }, signal), { every: 15_000 });
  const inRange = useMemo(
    () =>
      series
        .filter((row) => row.anomaly && (!range || (row.time >= range.from && row.time <= range.to)))
        .reverse()
        .map((row) => ({ ...row, detector: detector.name, model: model.name, entity, algorithm, ...toldOf(answer.rows ?? [], row) })),
    [series, range?.from, range?.to, answer.rows],
  );
  const rows = whole ? answer.rows : inRange;
  return (
    <Card
      title="Anomalies"
      flush
      actions={<Choice label="Which anomalies" value={whole ? 'all' : 'range'} options={[{ value: 'all', text: 'All' }, { value: 'range', text: 'In range' }]} onChange={(value) => setQuery({ anomalies: value === 'range' ? 'range' : null })} />}
    >
      {rows ? (
        rows.length > 0 ? <AnomalyTable rows={rows} withDetector={false} more={whole ? answer.more : undefined} look="short" /> : (
          <Empty title="None">{whole ? 'No evaluated point left its expected band.' : 'No anomaly of this series in the range above.'}</Empty>
        )
      ) : answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Waiting rows={4} />}
    </Card>
  );
}

/** "observations:checkout", as the version's tag says it. */
function sourceWords({ observations, sql, csv }: Metric['source']): string {
  return observations ? `observations:${observations}` : sql ? `sql:${sql.connection}` : `csv:${csv?.path ?? ''}`;
}

function ModelFacts({ model }: { model: OnlineModel }): JSX.Element {
  const { metric } = model;
  return (
    <Card title="Online model">
      <Facts
        rows={[
          ['Model', <a class="wrap" href={href(`/models/${encodeURIComponent(model.name)}`)}>{model.name}</a>],
          ['Version', <a href={href(`/models/${encodeURIComponent(model.name)}?version=${model.version}`)}>{model.version}</a>],
          ['Evaluated up to', <Stamp at={model.mark} />],
          ['Trained', <><Ago at={model.trained} /> by <a href={href(`/runs/${model.creationRun}`)}><code>{model.creationRun.slice(0, 12)}</code></a></>],
          ['Data from', <code class="wrap">{sourceWords(metric.source)}</code>],
          ['Metric', <>{metric.aggregate} of <b>{metric.name}</b>{metric.dimension_groupings && <> by {metric.dimension_groupings.join(', ')}</>}{metric.group && <>, of <b>{metric.group.join(', ')}</b></>}{metric.dimension_filters && <> where <code>{metric.dimension_filters.join(' and ')}</code></>}{metric.fill !== 'gap' && `, holes filled: ${metric.fill}`}</>],
        ]}
      />
    </Card>
  );
}

function RecentJobs({ name }: { name: string }): JSX.Element {
  const answer = useQuery(`jobs-of/${name}`, async (signal) => (await listJobs({ detector: name, limit: 8 }, signal)).rows, { every: 10_000 });
  const jobs = answer.data ?? [];
  return (
    <Card title="Jobs" note={jobs.length > 0 ? `last ${plural(jobs.length, 'job')}` : undefined} actions={<a href={href(`/jobs?detector=${encodeURIComponent(name)}`)}>All jobs</a>}>
      {!answer.data ? (answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Waiting rows={6} />) : jobs.length === 0 ? (
        <div class="tight-empty"><p>No job ran yet.</p><Command text={`wakeful run ${name} --kind train --wait --tracking-uri $SERVER`} /></div>
      ) : (
        <ul class="list two">
          {jobs.map((job) => (
            <li key={job.id}>
              <a href={href(`/jobs/${encodeURIComponent(job.id)}`)}>{job.kind}{job.until !== null && <span class="quiet"> up to {stamp(job.until, { seconds: false })}</span>}</a>
              <span class="end"><Outcome state={job.state} /></span>
              <small><Ago at={job.finished ?? job.started ?? job.created} />{job.error && <span class={job.state === 'failed' ? 'alarm-text' : ''}> {job.error}</span>}</small>
              <small class="end num">{job.started !== null && job.finished !== null ? span(job.finished - job.started) : ''}</small>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
