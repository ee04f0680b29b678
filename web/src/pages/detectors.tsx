// All detectors: state first, how long each has been silent, worst on top.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Ago, Card, now, PageHead, StatePill, Stamp, stateWord } from '../components/bits';
import { DataTable, type ColumnOf, type Sorting } from '../components/data_table';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { kOrder, type StateName } from '../lib/detector_state';
import { count, plural, span } from '../lib/format';
import { href, query, setQuery } from '../lib/router';
import { forDetectors } from '../lib/snippets';
import { useWatchlist, type Watched } from '../lib/watchlist';

const kDetectorFile = `cat > latency.yaml <<'END'
name: checkout-latency
schedule: {every: 5m}
time_spec: {granularity: 5m, start: 30d, retrain: 7d}
metrics:
  - name: latency_ms
    source: {observations: checkout}
    aggregate: mean
algorithms:
  univariate_baseline: {tolerance: 5.0}
END
wakeful apply -f latency.yaml --tracking-uri $SERVER`;

const linkOf = (row: Watched): string => `/detectors/${encodeURIComponent(row.detector.name)}`;

/** The silence as a bar: full at three times the distance it should keep. */
function Silence({ row }: { row: Watched }): JSX.Element {
  const { lastEvaluation, every } = row.detector;
  if (lastEvaluation === null) return <span class="quiet">never evaluated</span>;
  const silent = Math.max(0, now.value - lastEvaluation);
  const part = every ? Math.min(1, silent / (3 * every)) : 0;
  return (
    <span class="silence" title={every ? `every ${span(every)}` : 'no fixed distance'}>
      <Ago at={lastEvaluation} />
      {every && <span class={part > 0.67 ? 'gauge over' : 'gauge'} aria-hidden="true"><i style={{ width: `${Math.max(4, part * 100)}%` }} /></span>}
    </span>
  );
}

const columnsOf = (rows: Watched[]): ColumnOf<Watched>[] => [
  { id: 'state', head: 'State', look: 'w-state', sortable: true, cell: (row) => <StatePill state={row.state} /> },
  {
    id: 'name',
    head: 'Detector',
    look: 'w-wide',
    sortable: true,
    cell: (row) => (
      <span class="two-words"><a class="strong" href={href(linkOf(row))}>{row.detector.name}</a> <span class="quiet">{row.detector.description}</span></span>
    ),
  },
  { id: 'silent', head: 'Last evaluation', look: 'w-silence', sortable: true, cell: (row) => <Silence row={row} /> },
  { id: 'mark', head: 'Evaluated up to', look: 'w-time', sortable: true, cell: (row) => <Stamp at={row.detector.evaluatedUpTo} seconds={false} /> },
  { id: 'anomalies', head: 'Anomalies', align: 'end', sortable: true, cell: (row) => <span class="num">{row.anomalies > 0 ? count(row.anomalies) : '–'}</span> },
  { id: 'schedule', head: 'Schedule', cell: (row) => row.detector.schedule },
  { id: 'algorithms', head: 'Algorithms', cell: (row) => <code class="quiet">{row.detector.algorithms.join(', ')}</code> },
  ...(rows.some((row) => row.detector.mode !== 'prod') ? [{ id: 'mode', head: 'Mode', cell: (row: Watched) => row.detector.mode }] : []),
];

const kSortKeys: Record<string, (row: Watched) => number | string> = {
  state: (row) => kOrder.indexOf(row.state.name),
  name: (row) => row.detector.name,
  silent: (row) => -(row.detector.lastEvaluation ?? 0),
  mark: (row) => row.detector.evaluatedUpTo ?? 0,
  anomalies: (row) => row.anomalies,
};

function order(rows: Watched[], sorting: Sorting): Watched[] {
  const key = kSortKeys[sorting.id] ?? kSortKeys.state!;
  const sign = sorting.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return sign * (x < y ? -1 : x > y ? 1 : 0) || a.detector.name.localeCompare(b.detector.name);
  });
}

export function Detectors(): JSX.Element {
  const list = useWatchlist();
  const words = query.value.get('q') ?? '';
  const only = (query.value.get('state') ?? '') as StateName | '';
  const sorting: Sorting = { id: query.value.get('sort') ?? 'state', descending: query.value.get('desc') === '1' };

  const shown = useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = (list.watched ?? []).filter(
      (row) =>
        (!only || row.state.name === only) &&
        wanted.every((word) => `${row.detector.name} ${row.detector.description} ${row.detector.algorithms.join(' ')}`.toLowerCase().includes(word)),
    );
    return order(rows, sorting);
  }, [list.watched, words, only, sorting.id, sorting.descending]);

  if (list.error && !list.watched) return <><PageHead title="Detectors" /><Failure error={list.error} retry={list.refresh} /></>;
  if (list.watched?.length === 0) {
    return (
      <>
        <PageHead title="Detectors" />
        <Empty title="No detector yet" command={kDetectorFile}>A detector is a short file: what to watch, how often, with which algorithm. Write one and apply it:</Empty>
      </>
    );
  }
  return (
    <>
      <PageHead title="Detectors" lead={list.watched ? plural(list.watched.length, 'detector') : 'Asking the server…'} code={forDetectors()}>
        <label class="search-field">
          <Icon name="search" />
          <input data-search type="search" placeholder="Name, description, algorithm" aria-label="Find detectors" value={words} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
        </label>
      </PageHead>
      <Stale error={list.watched ? list.error : null} retry={list.refresh} />
      <StateChips watched={list.watched ?? []} only={only} />
      <Card flush>
        {!list.watched ? <Waiting rows={12} /> : shown.length > 0 ? (
          <DataTable
            label="Detectors"
            rows={shown}
            columns={columnsOf(shown)}
            keyOf={(row) => row.detector.name}
            linkOf={linkOf}
            sorting={sorting}
            onSort={(next) => setQuery({ sort: next.id, desc: next.descending ? '1' : null })}
            look="tall"
          />
        ) : (
          <Empty title="None of them">
            No detector {only ? `is ${stateWord(only).toLowerCase()}` : 'matches'}{words ? ` with “${words}”` : ''}.{' '}
            <button type="button" class="link" onClick={() => setQuery({ q: null, state: null })}>Show all</button>
          </Empty>
        )}
      </Card>
    </>
  );
}

function StateChips({ watched, only }: { watched: Watched[]; only: string }): JSX.Element {
  return (
    <div class="chips" role="group" aria-label="State">
      <button type="button" class="chip" aria-pressed={only === ''} onClick={() => setQuery({ state: null })}>All <b>{count(watched.length)}</b></button>
      {kOrder.map((name) => {
        const rows = watched.filter((row) => row.state.name === name).length;
        return (
          <button key={name} type="button" class={`chip state-${name}`} aria-pressed={only === name} disabled={rows === 0 && only !== name} onClick={() => setQuery({ state: only === name ? null : name })}>
            <Icon name={name} size={14} /> {stateWord(name)} <b>{count(rows)}</b>
          </button>
        );
      })}
    </div>
  );
}
