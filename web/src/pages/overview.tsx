// Is anything wrong now? Detectors by state, the newest anomalies, what failed, how fresh the sources are.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { listSources, type Job, type Source } from '../api/watch';
import { Ago, Card, now, Outcome, PageHead, StatePill, stateWord } from '../components/bits';
import { Icon } from '../components/icons';
import { Command, Empty, Failure, Stale, Waiting } from '../components/states';
import { kOrder, type StateName } from '../lib/detector_state';
import { groupEpisodes } from '../lib/episodes';
import { ago, count, plural, span } from '../lib/format';
import { useQuery } from '../lib/query';
import { href } from '../lib/router';
import { episodeGap, useWatchlist, type Watched } from '../lib/watchlist';
import { EpisodeTable } from './episode_table';
import { OnWatch } from './on_watch';

/** As many as fit the height that is kept for them. */
const kEpisodes = 5;

export function Overview(): JSX.Element {
  const list = useWatchlist();
  const sources = useQuery('sources', listSources, { every: 15_000 });
  const episodes = useMemo(() => groupEpisodes(list.anomalies, episodeGap(list.watched)), [list.anomalies, list.watched?.length]);

  if (list.error && !list.watched) return <><PageHead title="Overview" /><Failure error={list.error} retry={list.refresh} /></>;
  if (list.watched?.length === 0 && sources.data?.length === 0) return <Welcome />;

  return (
    <>
      <PageHead title="Overview" lead={list.watched ? headline(list.watched) : 'Asking the server what its detectors have seen…'} />
      <Stale error={list.watched ? list.error : null} retry={list.refresh} />
      <Health watched={list.watched} />
      <div class="split overview">
        <div class="stack">
          <Card title="Recent anomalies" flush look="feed-card" actions={<a href={href('/anomalies')}>All anomalies</a>}>
            {!list.watched ? <Waiting rows={5} /> : list.anomalies.length > 0 ? (
              <EpisodeTable episodes={episodes.slice(0, kEpisodes)} brief />
            ) : (
              <Empty title="No anomalies so far">Every point that was evaluated lies inside its expected band.</Empty>
            )}
          </Card>
          <OnWatch watched={list.watched} />
        </div>
        <div class="stack">
          <Attention watched={list.watched} />
          <Card title="Sources" note="pushed observations" look="sources-card">
            {sources.data ? <Sources rows={sources.data} /> : sources.error ? <Failure error={sources.error} retry={sources.refresh} /> : <Waiting rows={3} />}
          </Card>
          <Card title="Last jobs" look="jobs-card" actions={<a href={href('/jobs')}>All jobs</a>}>
            {list.watched ? <LastJobs jobs={list.jobs} /> : <Waiting rows={4} />}
          </Card>
        </div>
      </div>
    </>
  );
}

function tally(watched: Watched[]): Map<StateName, number> {
  const counts = new Map<StateName, number>();
  for (const each of watched) counts.set(each.state.name, (counts.get(each.state.name) ?? 0) + 1);
  return counts;
}

function headline(watched: Watched[]): string {
  if (watched.length === 0) return 'Observations arrive, but no detector watches them yet.';
  const counts = tally(watched);
  const wrong = (['failing', 'anomalous', 'late'] as StateName[]).filter((name) => counts.has(name));
  if (counts.has('untrained')) wrong.push('untrained');
  if (wrong.length === 0) return `Nothing needs you: ${plural(watched.length, 'detector')} on watch.`;
  return `${wrong.map((name) => `${counts.get(name)} ${stateWord(name).toLowerCase()}`).join(', ')} of ${plural(watched.length, 'detector')}.`;
}

function Health({ watched }: { watched: Watched[] | undefined }): JSX.Element {
  const counts = tally(watched ?? []);
  return (
    <section class="health card" aria-label="Detectors by state" aria-busy={!watched}>
      <div class="health-bar" aria-hidden="true">
        {kOrder.filter((name) => counts.has(name)).map((name) => (
          <span key={name} class={`fill-${name}`} style={{ flexGrow: counts.get(name)! }} />
        ))}
      </div>
      <ul>
        {kOrder.map((name) => (
          <li key={name}>
            <a href={href(`/detectors?state=${name}`)} class={`figure state-${name} ${counts.has(name) ? '' : 'none'}`}>
              <b>{watched ? count(counts.get(name) ?? 0) : '–'}</b>
              <span><Icon name={name} size={14} /> {stateWord(name)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Attention({ watched }: { watched: Watched[] | undefined }): JSX.Element {
  const wrong = (watched ?? []).filter((each) => ['failing', 'anomalous', 'late', 'untrained'].includes(each.state.name)).slice(0, 6);
  return (
    <Card title="Needs attention">
      {!watched ? <Waiting rows={1} /> : watched.length === 0 ? (
        <div class="tight-empty">
          <p>Write a detector file and apply it:</p>
          <Command text="wakeful apply -f detector.yaml --tracking-uri $SERVER" />
        </div>
      ) : wrong.length === 0 ? (
        <p class="calm"><Icon name="healthy" /> All detectors are healthy.</p>
      ) : (
        <ul class="list">
          {wrong.map((each) => (
            <li key={each.detector.name}>
              <a href={href(`/detectors/${encodeURIComponent(each.detector.name)}`)}>{each.detector.name}</a>
              <StatePill state={each.state} />
              <small>{each.state.reason}</small>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Sources({ rows }: { rows: Source[] }): JSX.Element {
  if (rows.length === 0) return <p class="quiet pad">Nothing was pushed yet.</p>;
  const fresh = [...rows].sort((a, b) => (b.last ?? 0) - (a.last ?? 0)).slice(0, 8);
  return (
    <ul class="list two">
      {fresh.map((row) => (
        <li key={row.name}>
          <span class="strong">{row.name}</span>
          <span class="num end">{count(row.rows)} rows</span>
          <small>{row.series > 0 ? plural(row.series, 'series', 'series') : ''}</small>
          <small class="end">newest {row.last === null ? '–' : ago(row.last, now.value)}</small>
        </li>
      ))}
    </ul>
  );
}

function LastJobs({ jobs }: { jobs: Job[] }): JSX.Element {
  if (jobs.length === 0) return <p class="quiet pad">No job ran yet.</p>;
  return (
    <ul class="list two">
      {jobs.slice(0, 6).map((job) => (
        <li key={job.id}>
          <a href={href(`/jobs/${encodeURIComponent(job.id)}`)}>{job.kind} {job.detector}</a>
          <span class="end"><Outcome state={job.state} /></span>
          <small><Ago at={job.finished ?? job.started ?? job.created} /></small>
          <small class="end">{job.started !== null && job.finished !== null ? span(job.finished - job.started) : ''}</small>
        </li>
      ))}
    </ul>
  );
}

function Welcome(): JSX.Element {
  return (
    <>
      <PageHead title="Welcome" lead="The server runs and is empty. Three ways to begin:" />
      <div class="welcome">
        <section class="card">
          <Icon name="spike" size={22} />
          <h2>Push observations</h2>
          <p>Numbers become metrics, text becomes dimensions, one line a row.</p>
          <Command text={"curl $SERVER/api/v1/ingest/checkout \\\n  -H 'content-type: application/json' \\\n  -d '[{\"ts\":\"2026-01-01T00:00:00Z\",\"latency_ms\":120,\"region\":\"eu\"}]'"} />
        </section>
        <section class="card">
          <Icon name="eye" size={22} />
          <h2>Apply a detector</h2>
          <p>A short YAML file says what to watch, how often, and with which algorithm.</p>
          <Command text="wakeful apply -f detector.yaml --tracking-uri $SERVER" />
        </section>
        <section class="card">
          <Icon name="flask" size={22} />
          <h2>Point MLflow here</h2>
          <p>The official client works as it is: runs, metrics, artifacts, models.</p>
          <Command text={'import mlflow\nmlflow.set_tracking_uri("$SERVER")\nwith mlflow.start_run():\n    mlflow.log_metric("loss", 0.25)'} />
        </section>
      </div>
    </>
  );
}
