// All experiments, the one worked on last first.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { ownTags, searchExperiments, type Experiment } from '../api/mlflow';
import { Ago, Card, PageHead, Tags } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { plural } from '../lib/format';
import { useQuery } from '../lib/query';
import { href, query, setQuery } from '../lib/router';

export const kLogCommand = `python3 - <<'END'
import mlflow
mlflow.set_tracking_uri("$SERVER")
mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("depth", 4)
    mlflow.log_metric("rmse", 0.42)
END`;

const linkOf = (experiment: Experiment): string => `/experiments/${encodeURIComponent(experiment.experiment_id)}`;
const at = (value: number | undefined): number | null => (value ? Number(value) : null);

const kColumns: ColumnOf<Experiment>[] = [
  { id: 'name', head: 'Experiment', look: 'w-wide', cell: (row) => <a class="strong" href={href(linkOf(row))}>{row.name}</a> },
  { id: 'id', head: 'Id', look: 'w-id', cell: (row) => <code class="quiet">{row.experiment_id}</code> },
  { id: 'changed', head: 'Changed', cell: (row) => <Ago at={at(row.last_update_time)} none="–" /> },
  { id: 'created', head: 'Created', cell: (row) => <Ago at={at(row.creation_time)} none="–" /> },
  { id: 'tags', head: 'Tags', look: 'w-tags', cell: (row) => <Tags tags={ownTags(row.tags)} most={3} empty="–" /> },
];

export function Experiments(): JSX.Element {
  const answer = useQuery('experiments', searchExperiments, { every: 20_000 });
  const words = query.value.get('q') ?? '';
  const rows = useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return (answer.data ?? []).filter((row) => wanted.every((word) => row.name.toLowerCase().includes(word)));
  }, [answer.data, words]);
  return (
    <>
      <PageHead title="Experiments" lead={answer.data ? plural(answer.data.length, 'experiment') : 'Asking the server…'}>
        <label class="search-field">
          <Icon name="search" />
          <input data-search type="search" placeholder="Name" aria-label="Find experiments" value={words} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
        </label>
      </PageHead>
      <Stale error={answer.data ? answer.error : null} retry={answer.refresh} />
      {!answer.data ? (
        answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card flush><Waiting rows={12} /></Card>
      ) : rows.length > 0 ? (
        <Card flush><DataTable label="Experiments" rows={rows} columns={kColumns} keyOf={(row) => row.experiment_id} linkOf={linkOf} look="tall" /></Card>
      ) : words ? (
        <Empty title="No experiment matches"><button type="button" class="link" onClick={() => setQuery({ q: null })}>Show all</button></Empty>
      ) : (
        <Empty title="No experiment yet" command={kLogCommand}>The official MLflow client works against this server as it is:</Empty>
      )}
    </>
  );
}
