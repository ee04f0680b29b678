// Which channels an anomaly was, where a method judges several together: in words, the largest share first. Pure.
import type { Anomaly, Score } from '../api/watch';

/** What an anomaly says of one channel. */
export interface Channel {
  name: string;
  /** Of the score. */
  contribution: number;
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
}

/** `metadata.channels` of an anomaly, the largest contribution first; of anything else none. */
export function readChannels(metadata: unknown): Channel[] {
  const channels = (metadata as { channels?: unknown } | null | undefined)?.channels;
  if (typeof channels !== 'object' || channels === null) return [];
  return Object.entries(channels as Record<string, unknown>)
    .flatMap(([name, given]) => {
      const row = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
      const real = (key: string): number | null => (typeof row[key] === 'number' ? (row[key] as number) : null);
      const contribution = real('contribution');
      return contribution === null ? [] : [{ name, contribution, value: real('value'), expected: real('expected'), lower: real('lower'), upper: real('upper') }];
    })
    .sort((a, b) => b.contribution - a.contribution || a.name.localeCompare(b.name));
}

/** "80 %": what a channel contributes, of the whole score. */
export function shareWords(channel: Channel, score: number | null): string {
  if (!score) return '–';
  const share = (100 * channel.contribution) / score;
  return share > 0 && share < 1 ? '<1 %' : `${Math.round(share)} %`;
}

/** "s4 80 %, s2 15 % and 2 more"; '' where none are told. */
export function channelWords(row: Pick<Anomaly, 'channels' | 'score'>, most = 2): string {
  const { channels } = row;
  const words = channels.slice(0, most).map((each) => `${each.name} ${shareWords(each, row.score)}`).join(', ');
  return channels.length > most ? `${words} and ${channels.length - most} more` : words;
}

/** Numbers to show for an anomaly: its own, or those of the channel that it mostly was. */
export function numbersOf(row: Anomaly): Pick<Score, 'value' | 'expected' | 'lower' | 'upper'> {
  return row.value === null && row.channels[0] ? row.channels[0] : row;
}
