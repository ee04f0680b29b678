// The runs of one experiment: filter, order and columns are the address; the server does the searching.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { getExperiment, metricValue, searchExperiments, searchRuns, tag, type Run } from '../api/mlflow';
import { Ago, Card, Choice, Outcome, PageHead } from '../components/bits';
import { DataTable, type ColumnOf, type Sorting } from '../components/data_table';
import { FilterBox, filterError } from '../components/filter_box';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { number, plural, span } from '../lib/format';
import { usePages } from '../lib/pages';
import { useQuery } from '../lib/query';
import { href, navigate, query, setQuery } from '../lib/router';
import { addKeys, columnsFromText, columnsToText, firstColumns, orderClause, runName, splitColumn, type Keys } from '../lib/run_columns';
import { forRuns } from '../lib/snippets';
import { kLogCommand } from './experiments';

const kExamples = [
  { text: "attributes.status = 'FINISHED'", says: 'By status' },
  { text: 'metrics.rmse < 0.5', says: 'By the latest value of a metric' },
  { text: "params.model = 'tree' and tags.team LIKE 'ops%'", says: 'By parameter and tag' },
];

const linkOf = (run: Run): string => `/experiments/${encodeURIComponent(run.info.experiment_id)}/runs/${encodeURIComponent(run.info.run_id)}`;
const ms = (value: number | string | undefined): number | null => (value ? Number(value) : null);

function duration(run: Run): string {
  const [start, end] = [ms(run.info.start_time), ms(run.info.end_time)];
  return start !== null && end !== null ? span(end - start) : '–';
}

const kFixed: ColumnOf<Run>[] = [
  { id: 'run_name', head: 'Run', look: 'w-name', sortable: true, cell: (run) => <a class="strong" href={href(linkOf(run))}>{tag(run.data.tags, 'mlflow.parentRunId') ? '↳ ' : ''}{runName(run)}</a> },
  { id: 'status', head: 'Status', look: 'w-state', sortable: true, cell: (run) => <Outcome state={run.info.status} /> },
  { id: 'start_time', head: 'Started', sortable: true, cell: (run) => <Ago at={ms(run.info.start_time)} none="–" /> },
  { id: 'duration', head: 'Took', align: 'end', cell: (run) => <span class="num">{duration(run)}</span> },
];

function keyColumn(column: string): ColumnOf<Run>[] {
  const parts = splitColumn(column);
  if (!parts) return [];
  const { entity, key } = parts;
  return [{
    id: column,
    head: key,
    sortable: true,
    look: entity === 'metrics' ? 'c-metric' : 'c-param',
    ...(entity === 'metrics' && { align: 'end' as const }),
    cell: (run) => {
      if (entity === 'params') return run.data.params?.find((param) => param.key === key)?.value ?? <span class="quiet">–</span>;
      const metric = run.data.metrics?.find((each) => each.key === key);
      return metric ? <span class="num">{number(metricValue(metric.value))}</span> : <span class="quiet">–</span>;
    },
  }];
}

export function Runs({ experiment }: { experiment: string }): JSX.Element {
  const info = useQuery(`experiment/${experiment}`, (signal) => getExperiment(experiment, signal));
  const all = useQuery('experiments', searchExperiments);
  const filter = query.value.get('filter') ?? '';
  const deleted = query.value.get('view') === 'deleted';
  const sorting: Sorting = { id: query.value.get('sort') ?? 'start_time', descending: query.value.get('desc') !== '0' };
  const orderBy = orderClause(sorting.id, sorting.descending);
  const answer = usePages(
    `runs/${experiment}/${deleted}/${orderBy}/${filter}`,
    (token, signal) => searchRuns({ experiment, filter, orderBy: [orderBy], deleted, token }, signal),
    { keep: true, every: 15_000 },
  );

  const [keys, setKeys] = useState<Keys>({ metrics: [], params: [] });
  useEffect(() => setKeys({ metrics: [], params: [] }), [experiment]);
  useEffect(() => setKeys((known) => addKeys(known, answer.rows ?? [])), [answer.rows?.length, answer.rows?.[0], experiment]);
  const chosen = query.value.get('columns');
  const columns = useMemo(() => (chosen === null ? firstColumns(keys) : columnsFromText(chosen)), [chosen, keys]);
  const shown = useMemo(() => [...kFixed, ...columns.flatMap(keyColumn)], [columns]);

  const refused = filter !== '' && filterError(answer.error) !== null;
  const crumbs = [{ text: 'Experiments', to: '/experiments' }];
  if (info.error && !info.data) return <><PageHead title="Runs" crumbs={crumbs} /><Failure error={info.error} retry={info.refresh} /></>;

  return (
    <>
      <PageHead title={info.data?.name ?? '…'} crumbs={crumbs} lead={answer.rows ? `${plural(answer.rows.length, 'run')}${answer.more ? ' and more' : ''}${deleted ? ', deleted' : ''}` : 'Asking the server…'} code={forRuns(experiment, filter, orderBy)}>
        <label class="field">
          <span>Experiment</span>
          <select value={experiment} onChange={(event) => navigate(`/experiments/${encodeURIComponent(event.currentTarget.value)}`)}>
            {!all.data?.some((each) => each.experiment_id === experiment) && <option value={experiment}>{info.data?.name ?? experiment}</option>}
            {(all.data ?? []).map((each) => <option key={each.experiment_id} value={each.experiment_id}>{each.name}</option>)}
          </select>
        </label>
        <Choice label="Which runs" value={deleted ? 'deleted' : ''} options={[{ value: '', text: 'Active' }, { value: 'deleted', text: 'Deleted' }]} onChange={(value) => setQuery({ view: value })} />
        <ColumnPicker keys={keys} columns={columns} onChange={(next) => setQuery({ columns: next === null ? null : columnsToText(next) || 'none' })} />
      </PageHead>
      <FilterBox label="Filter runs" value={filter} error={refused ? answer.error : null} examples={kExamples} onSubmit={(value) => setQuery({ filter: value.trim() }, { replace: false })} />
      {!refused && answer.rows && <Stale error={answer.error} retry={answer.refresh} />}
      {answer.rows && (answer.rows.length > 0 || refused) ? (
        <Card flush>
          <DataTable
            label="Runs"
            rows={answer.rows}
            columns={shown}
            keyOf={(run) => run.info.run_id}
            linkOf={linkOf}
            sorting={sorting}
            onSort={(next) => setQuery({ sort: next.id, desc: next.descending ? null : '0' })}
            more={answer.more}
            look="tall"
          />
        </Card>
      ) : answer.rows ? (
        filter ? (
          <Empty title="No run matches"><button type="button" class="link" onClick={() => setQuery({ filter: null })}>Show all runs</button></Empty>
        ) : (
          <Empty title={deleted ? 'No deleted run' : 'No run yet'} {...(!deleted && { command: kLogCommand.replace('"first"', JSON.stringify(info.data?.name ?? 'first')) })}>
            {deleted ? 'Nothing was deleted in this experiment.' : 'Log one with the official MLflow client:'}
          </Empty>
        )
      ) : refused ? (
        <Empty title="The filter is not understood">
          It is marked where the server stumbled. <button type="button" class="link" onClick={() => setQuery({ filter: null })}>Show all runs</button>
        </Empty>
      ) : answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card flush><Waiting rows={14} /></Card>}
    </>
  );
}

function ColumnPicker({ keys, columns, onChange }: { keys: Keys; columns: string[]; onChange: (columns: string[] | null) => void }): JSX.Element {
  const box = useRef<HTMLDetailsElement>(null);
  const [words, setWords] = useState('');
  useEffect(() => {
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node)) box.current?.removeAttribute('open');
    };
    document.addEventListener('click', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('click', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  const group = (title: string, entity: 'metrics' | 'params', names: string[]): JSX.Element | null => {
    const found = names.filter((name) => name.toLowerCase().includes(words.toLowerCase()));
    if (found.length === 0) return null;
    return (
      <fieldset>
        <legend>{title}</legend>
        {found.slice(0, 300).map((name) => {
          const column = `${entity}.${name}`;
          const on = columns.includes(column);
          return (
            <label key={column}>
              <input type="checkbox" checked={on} onChange={() => onChange(on ? columns.filter((each) => each !== column) : [...columns, column])} />
              <span>{name}</span>
            </label>
          );
        })}
      </fieldset>
    );
  };
  return (
    <details class="picker" ref={box}>
      <summary class="button"><Icon name="columns" /> Columns</summary>
      <div class="picker-box">
        <input type="search" placeholder="Find a column" aria-label="Find a column" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        {group('Metrics', 'metrics', keys.metrics)}
        {group('Parameters', 'params', keys.params)}
        {keys.metrics.length + keys.params.length === 0 && <p class="quiet">The runs on screen have no metrics and no parameters.</p>}
        <button type="button" class="link" onClick={() => onChange(null)}>Back to the first choice</button>
      </div>
    </details>
  );
}
