// Every anomaly, newest first, of all detectors or of one.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { listAnomalies } from '../api/watch';
import { Card, Choice, PageHead } from '../components/bits';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { groupEpisodes } from '../lib/episodes';
import { plural } from '../lib/format';
import { usePages } from '../lib/pages';
import { query, setQuery } from '../lib/router';
import { forAnomalies } from '../lib/snippets';
import { episodeGap, useWatchlist } from '../lib/watchlist';
import { AnomalyTable } from './anomaly_table';
import { EpisodeTable } from './episode_table';

export function Anomalies(): JSX.Element {
  const detector = query.value.get('detector') ?? '';
  const points = query.value.get('view') === 'points';
  const { watched } = useWatchlist();
  const names = (watched ?? []).map((each) => each.detector.name).sort();
  const answer = usePages(`anomalies/${detector}`, (token, signal) => listAnomalies({ detector, token, limit: 200 }, signal), { every: 15_000 });
  const episodes = useMemo(() => groupEpisodes(answer.rows ?? [], episodeGap(watched)), [answer.rows?.length, answer.rows?.[0], watched?.length]);
  const lead = answer.rows ? `${plural(answer.rows.length, 'point')}${answer.more ? ' and more' : ''} in ${plural(episodes.length, 'episode')}, as stored when they were evaluated.` : 'Asking the server…';
  return (
    <>
      <PageHead title="Anomalies" lead={lead} code={forAnomalies(detector)}>
        <Choice label="Shown as" value={points ? 'points' : ''} options={[{ value: '', text: 'Episodes' }, { value: 'points', text: 'Points' }]} onChange={(value) => setQuery({ view: value })} />
        <label class="field">
          <span>Detector</span>
          <select value={detector} onChange={(event) => setQuery({ detector: event.currentTarget.value })}>
            <option value="">All</option>
            {detector && !names.includes(detector) && <option value={detector}>{detector}</option>}
            {names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      </PageHead>
      <Stale error={answer.rows ? answer.error : null} retry={answer.refresh} />
      {answer.rows ? (
        answer.rows.length > 0 ? (
          <Card flush>{points ? <AnomalyTable rows={answer.rows} withDetector more={answer.more} look="tall" /> : <EpisodeTable episodes={episodes} more={answer.more} look="tall" />}</Card>
        ) : (
          <Empty title="No anomalies" command={detector ? `wakeful run ${detector} --kind evaluate --wait --tracking-uri $SERVER` : 'wakeful anomalies list --tracking-uri $SERVER'}>
            Nothing that was evaluated left its expected band{detector ? ` under ${detector}` : ''}. A detector only sees what it evaluated:
          </Empty>
        )
      ) : answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card flush><Waiting rows={14} /></Card>}
    </>
  );
}
