// Episodes of anomalies: which detector, since when, how long, how far out at its worst.
import type { JSX } from 'preact';
import { Stamp } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { channelWords, numbersOf } from '../lib/channels';
import type { Episode } from '../lib/episodes';
import { count, number, score, span } from '../lib/format';
import { href } from '../lib/router';
import { anomalyLink, ScoreMeter } from './anomaly_table';

const linkOf = (episode: Episode): string => anomalyLink(episode.peak);

const kColumns: ColumnOf<Episode>[] = [
  {
    id: 'detector',
    head: 'Detector',
    look: 'w-wide',
    cell: (episode) => <span class="two-words"><a class="strong" href={href(linkOf(episode))}>{episode.peak.detector}</a> <span class="quiet">{episode.peak.entity || channelWords(episode.peak)}</span></span>,
  },
  { id: 'last', head: 'Until (UTC)', look: 'w-time', cell: (episode) => <Stamp at={episode.last} seconds={false} /> },
  { id: 'lasted', head: 'Lasted', align: 'end', look: 'wide-only', cell: (episode) => <span class="num">{episode.last > episode.first ? span(episode.last - episode.first) : '1 bucket'}</span> },
  { id: 'points', head: 'Points', align: 'end', look: 'wide-only', cell: (episode) => <span class="num">{count(episode.points)}</span> },
  { id: 'peak', head: 'Worst', align: 'end', cell: (episode) => <b class="num alarm-text">{number(numbersOf(episode.peak).value)}</b> },
  { id: 'expected', head: 'Expected', align: 'end', cell: (episode) => <span class="num quiet">{number(numbersOf(episode.peak).expected)}</span> },
  { id: 'score', head: 'Score', align: 'end', cell: (episode) => <ScoreMeter value={episode.peak.score} /> },
];

/** Where there is little room. */
const kBrief = kColumns
  .filter((column) => column.id !== 'points' && column.id !== 'expected')
  .map((column): ColumnOf<Episode> => {
    if (column.id === 'detector') return { ...column, look: 'w-brief' };
    return column.id === 'score' ? { ...column, cell: (episode) => <b class="num">{score(episode.peak.score)}</b> } : column;
  });

export function EpisodeTable({ episodes, more, look = '', brief = false }: { episodes: Episode[]; more?: (() => void) | undefined; look?: string; brief?: boolean }): JSX.Element {
  return <DataTable label="Episodes of anomalies" rows={episodes} columns={brief ? kBrief : kColumns} keyOf={(episode) => episode.key} linkOf={linkOf} more={more} look={look} />;
}
