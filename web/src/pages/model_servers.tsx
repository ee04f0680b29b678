// Who serves a model at the moment, how often it is asked and how fast it answers.
import type { JSX } from 'preact';
import { listModelServers, type ModelServer } from '../api/watch';
import { Card } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { count, number } from '../lib/format';
import { useQuery } from '../lib/query';

const kColumns: ColumnOf<ModelServer>[] = [
  { id: 'address', head: 'Address', look: 'w-name', cell: (row) => <code>{row.address}</code> },
  { id: 'version', head: 'Version', align: 'end', cell: (row) => <span class="num">v{row.version}</span> },
  { id: 'rate', head: 'Requests in the last minute', align: 'end', cell: (row) => <b class="num">{count(row.lastMinute)}</b> },
  { id: 'average', head: 'Average', align: 'end', cell: (row) => <span class="num">{number(row.averageMs)} ms</span> },
  { id: 'p95', head: '95 of 100 within', align: 'end', cell: (row) => <span class="num">{number(row.p95Ms)} ms</span> },
];

/** Nothing where nobody serves it. */
export function ModelServers({ model }: { model: string }): JSX.Element | null {
  const answer = useQuery('model-servers', listModelServers, { every: 3000 });
  const rows = (answer.data ?? []).filter((row) => row.model === model);
  if (rows.length === 0) return null;
  return (
    <Card title="Served by" flush>
      <DataTable label="Model servers" rows={rows} columns={kColumns} keyOf={(row) => row.address} />
    </Card>
  );
}
