// One run: what went in, what came out.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { getRun, metricValue, ownTags, searchVersions, tag, type Metric, type Pair, type Run } from '../api/mlflow';
import { MetricChart, type Axis } from '../charts/metric_chart';
import { Ago, Card, Choice, Facts, Key, Outcome, PageHead, Stamp, Value } from '../components/bits';
import { Failure, Stale, Waiting } from '../components/states';
import { number, plural, span } from '../lib/format';
import { useQuery } from '../lib/query';
import { href, query, setQuery } from '../lib/router';
import { forRun } from '../lib/snippets';
import { Artifacts } from './artifacts';
import { runName } from '../lib/run_columns';

const ms = (value: number | string | undefined): number | null => (value ? Number(value) : null);

export function RunPage({ experiment, id }: { experiment: string; id: string }): JSX.Element {
  const answer = useQuery(`run/${id}`, (signal) => getRun(id, signal), { every: 10_000 });
  const crumbs = [{ text: 'Experiments', to: '/experiments' }, { text: 'Runs', to: `/experiments/${encodeURIComponent(experiment)}` }];
  const run = answer.data;
  if (!run) return <><PageHead title="Run" crumbs={crumbs} />{answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card><Waiting rows={12} /></Card>}</>;
  const [start, end] = [ms(run.info.start_time), ms(run.info.end_time)];
  const source = tag(run.data.tags, 'mlflow.source.name');
  const note = tag(run.data.tags, 'mlflow.note.content');
  const parent = tag(run.data.tags, 'mlflow.parentRunId');
  return (
    <>
      <PageHead
        title={runName(run)}
        crumbs={crumbs}
        code={forRun(id)}
        mark={<Outcome state={run.info.status} />}
        lead={<>started <Ago at={start} />{start !== null && end !== null && ` · took ${span(end - start)}`}{[...new Set([run.info.user_id, source])].filter(Boolean).map((word) => ` · ${word}`)}</>}
      />
      <Stale error={answer.error} retry={answer.refresh} />
      {run.info.lifecycle_stage === 'deleted' && <p class="reason state-late">This run is deleted.</p>}
      {note && <p class="run-note">{note}</p>}
      <Metrics run={run} />
      <div class="split thirds">
        <Card title="Parameters" note={plural(run.data.params?.length ?? 0, 'parameter')}>
          <Pairs label="Parameters" pairs={run.data.params ?? []} empty="No parameters were logged." />
        </Card>
        <div class="stack">
          <Card title="Run">
            <Facts
              rows={[
                ['Run id', <code class="wrap">{run.info.run_id}</code>],
                ['Started', <Stamp at={start} />],
                ['Ended', <Stamp at={end} />],
                ['Parent', parent && <a href={href(`/runs/${parent}`)}><code>{parent.slice(0, 12)}</code></a>],
                ['Artifacts', run.info.artifact_uri && <code class="wrap">{run.info.artifact_uri}</code>],
                ['Models', <RegisteredFrom id={id} />],
              ]}
            />
          </Card>
          <Card title="Tags">
            <Pairs label="Tags" pairs={ownTags(run.data.tags)} empty="No tags." />
          </Card>
          <Inputs run={run} />
        </div>
      </div>
      <Artifacts run={id} />
    </>
  );
}

function RegisteredFrom({ id }: { id: string }): JSX.Element {
  const answer = useQuery(`versions-of-run/${id}`, (signal) => searchVersions(`run_id = '${id}'`, signal, 100));
  if (answer.error) return <span class="quiet">could not be asked</span>;
  if (!answer.data) return <span class="quiet">…</span>;
  if (answer.data.rows.length === 0) return <span class="quiet">none registered from it</span>;
  return (
    <span class="column">
      {answer.data.rows.slice(0, 8).map((version) => (
        <a key={`${version.name}/${version.version}`} href={href(`/models/${encodeURIComponent(version.name)}?version=${version.version}`)}>{version.name} v{version.version}</a>
      ))}
    </span>
  );
}

const kManyPairs = 12;

function Pairs({ label, pairs, empty }: { label: string; pairs: Pair[]; empty: string }): JSX.Element {
  const [words, setWords] = useState('');
  if (pairs.length === 0) return <p class="quiet pad">{empty}</p>;
  const wanted = words.toLowerCase();
  const sorted = pairs.filter((pair) => `${pair.key} ${pair.value}`.toLowerCase().includes(wanted)).sort((a, b) => a.key.localeCompare(b.key));
  return (
    <>
      {pairs.length > kManyPairs && <input class="pairs-search" type="search" placeholder="Find" aria-label={`Find among the ${label.toLowerCase()}`} value={words} onInput={(event) => setWords(event.currentTarget.value)} />}
      <div class="scroll" tabIndex={0} role="region" aria-label={`${label} of the run`}>
        <Facts rows={sorted.map((pair) => [pair.key, <Value text={pair.value} look="mono" />])} />
      </div>
    </>
  );
}

function Inputs({ run }: { run: Run }): JSX.Element | null {
  const datasets = run.inputs?.dataset_inputs ?? [];
  if (datasets.length === 0) return null;
  return (
    <Card title="Inputs" note={plural(datasets.length, 'dataset')}>
      <Facts
        rows={datasets.map((input) => [
          input.dataset.name,
          <span class="column">
            <code>{input.dataset.digest}</code>
            <small class="quiet">{[tag(input.tags, 'mlflow.data.context'), input.dataset.source_type].filter(Boolean).join(' · ')}</small>
          </span>,
        ])}
      />
    </Card>
  );
}

const kSmoothings = [
  { value: '0', text: 'Raw' },
  { value: '0.6', text: '0.6' },
  { value: '0.9', text: '0.9' },
  { value: '0.98', text: '0.98' },
];

/** Charts are drawn for metrics with a history; one value is shown as a figure. */
function isCurve(metric: Metric): boolean {
  return Number(metric.step) > 0;
}

function Metrics({ run }: { run: Run }): JSX.Element {
  const [words, setWords] = useState('');
  const smoothing = query.value.get('smooth') ?? '0';
  const axis: Axis = query.value.get('axis') === 'time' ? 'time' : 'step';
  const all = [...(run.data.metrics ?? [])].sort((a, b) => a.key.localeCompare(b.key));
  const found = all.filter((metric) => metric.key.toLowerCase().includes(words.toLowerCase()));
  const curves = found.filter(isCurve);
  const figures = found.filter((metric) => !isCurve(metric));
  return (
    <Card
      title="Metrics"
      note={plural(all.length, 'metric')}
      actions={
        <>
          {all.length > kManyPairs && <input type="search" placeholder="Find a metric" aria-label="Find a metric" value={words} onInput={(event) => setWords(event.currentTarget.value)} />}
          {all.some(isCurve) && (
            <>
              <Choice label="Smoothing" value={smoothing} options={kSmoothings} onChange={(value) => setQuery({ smooth: value === '0' ? null : value })} />
              <Choice label="Horizontal axis" value={axis} options={[{ value: 'step', text: 'Step' }, { value: 'time', text: 'Time' }]} onChange={(value) => setQuery({ axis: value === 'step' ? null : value })} />
            </>
          )}
        </>
      }
    >
      {all.length === 0 && <p class="quiet pad">No metrics were logged.</p>}
      {figures.length > 0 && (
        <ul class="figures">
          {figures.map((metric) => (
            <li key={metric.key}><span title={metric.key}><Key text={metric.key} /></span><b class="num">{number(metricValue(metric.value))}</b></li>
          ))}
        </ul>
      )}
      {curves.length > 0 && (
        <div class="charts">
          {curves.map((metric) => (
            <MetricChart key={metric.key} run={run.info.run_id} name={metric.key} live={run.info.status === 'RUNNING'} smoothing={Number(smoothing)} axis={axis} />
          ))}
        </div>
      )}
    </Card>
  );
}
