// An anomaly of several channels together: how much of its score each of them was, and what was seen and expected there.
import type { JSX } from 'preact';
import { listAnomalies } from '../api/watch';
import { Card } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { shareWords, type Channel } from '../lib/channels';
import { number, plural, score, stamp } from '../lib/format';
import { useQuery } from '../lib/query';

const columnsOf = (whole: number | null): ColumnOf<Channel>[] => [
  { id: 'name', head: 'Channel', look: 'w-name', cell: (row) => <span class="strong">{row.name}</span> },
  { id: 'share', head: 'Share', align: 'end', cell: (row) => <b class="num">{shareWords(row, whole)}</b> },
  { id: 'value', head: 'Observed', align: 'end', cell: (row) => <span class="num">{number(row.value)}</span> },
  { id: 'expected', head: 'Expected', align: 'end', cell: (row) => <span class="num">{number(row.expected)}</span> },
  { id: 'band', head: 'Band', align: 'end', cell: (row) => <span class="num quiet">{row.lower === null && row.upper === null ? '–' : `${number(row.lower)} … ${number(row.upper)}`}</span> },
];

/** Nothing where the algorithm found nothing at that time, or judges channels one by one. */
export function ChannelsAt({ model, algorithm, at }: { model: string; algorithm: string; at: number }): JSX.Element | null {
  const answer = useQuery(`anomalies-at/${model}/${at}`, async (signal) => (await listAnomalies({ model, from: at, to: at }, signal)).rows);
  const found = answer.data?.find((row) => row.algorithm === algorithm && row.channels.length > 0);
  if (!found) return null;
  const out = found.outOfBounds === null ? '' : `, ${found.outOfBounds} out of bounds`;
  const note = `${stamp(at, { seconds: false })} UTC, score ${score(found.score)}, ${plural(found.channelCount, 'channel')}${out}`;
  return (
    <Card title="Channels" note={note} flush>
      <DataTable label="Channels of the anomaly" rows={found.channels} columns={columnsOf(found.score)} keyOf={(row) => row.name} look="short" />
    </Card>
  );
}
