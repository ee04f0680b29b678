// Anomalies, newest first: when, what was seen and what was expected, how far out. Shared by three pages.
import type { ComponentChildren, JSX } from 'preact';
import type { Anomaly } from '../api/watch';
import { Stamp } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { channelWords, numbersOf } from '../lib/channels';
import { number, score } from '../lib/format';
import { href } from '../lib/router';

/** The detector's page, looking at this anomaly; an alert of a stream has no model, and leads to the stream. */
export function anomalyLink(row: Anomaly): string {
  if (!row.model) return `/streams/${encodeURIComponent(row.detector)}`;
  const query = new URLSearchParams({ at: new Date(row.time).toISOString(), model: row.model });
  if (row.entity) query.set('entity', row.entity);
  query.set('algorithm', row.algorithm);
  return `/detectors/${encodeURIComponent(row.detector)}?${query}`;
}

/** The score's place between 1 (threshold) and 10, in six steps. */
function depth(value: number | null): number {
  return value === null ? 0 : Math.max(1, Math.min(6, Math.ceil(Math.log10(Math.max(1, value)) * 6)));
}

export function ScoreMeter({ value }: { value: number | null }): JSX.Element {
  const filled = depth(value);
  return (
    <span class="meter">
      <span class="num">{score(value)}</span>
      <span class="meter-cells" aria-hidden="true">
        {Array.from({ length: 6 }, (_, i) => <i key={i} class={i < filled ? 'on' : ''} />)}
      </span>
    </span>
  );
}

/** The entity, or the channels that it was and their shares of the score. */
function seriesCell(row: Anomaly): ComponentChildren {
  return row.entity || (row.channels.length > 0 ? <span title={channelWords(row, row.channels.length)}>{channelWords(row)}</span> : <span class="quiet">–</span>);
}

function bandCell(row: Anomaly): ComponentChildren {
  const { lower, upper } = numbersOf(row);
  return <span class="num quiet">{lower === null && upper === null ? '–' : `${number(lower)} … ${number(upper)}`}</span>;
}

export function AnomalyTable({ rows, withDetector, more, look = '' }: {
  rows: Anomaly[];
  withDetector: boolean;
  more?: (() => void) | undefined;
  look?: string;
}): JSX.Element {
  const columns: ColumnOf<Anomaly>[] = [
    { id: 'time', head: 'Time (UTC)', look: 'w-time', cell: (row) => <a href={href(anomalyLink(row))}><Stamp at={row.time} /></a> },
    ...(withDetector ? [{ id: 'detector', head: 'Detector', look: 'w-name', cell: (row: Anomaly) => <span class="strong">{row.detector}</span> }] : []),
    ...(rows.some((row) => row.entity || row.channels.length > 0) ? [{ id: 'entity', head: 'Series', look: 'w-name', cell: seriesCell }] : []),
    { id: 'value', head: 'Observed', align: 'end', cell: (row) => <b class="num alarm-text">{number(numbersOf(row).value)}</b> },
    { id: 'expected', head: 'Expected', align: 'end', cell: (row) => <span class="num">{number(numbersOf(row).expected)}</span> },
    { id: 'band', head: 'Band', align: 'end', look: 'wide-only', cell: bandCell },
    { id: 'score', head: 'Score', align: 'end', cell: (row) => <ScoreMeter value={row.score} /> },
    { id: 'algorithm', head: 'Algorithm', look: 'wide-only', cell: (row) => <code class="quiet">{row.algorithm}</code> },
  ];
  return (
    <DataTable
      label="Anomalies"
      rows={rows}
      columns={columns}
      keyOf={(row, i) => `${row.model || `${row.detector}|${i}`}|${row.entity}|${row.algorithm}|${row.time}`}
      linkOf={anomalyLink}
      more={more}
      look={look}
    />
  );
}
