// The table that a detector's predictions go to, and the intervals that were written.
import type { JSX } from 'preact';
import { listJobs, type Detector } from '../api/watch';
import { Ago, Card } from '../components/bits';
import { Command, Failure, Waiting } from '../components/states';
import { count, stamp } from '../lib/format';
import { writtenIntervals, type Written } from '../lib/jobs';
import { useQuery } from '../lib/query';
import { href } from '../lib/router';

/** So many runs are looked at; older intervals stand in the table all the same. */
const kLooked = 100;
const kShown = 10;

export function Predictions({ detector }: { detector: Detector }): JSX.Element | null {
  const { predict } = detector.definition;
  const { name } = detector;
  const answer = useQuery(`jobs-of/${name}/predict`, async (signal) => (await listJobs({ detector: name, kind: 'predict', limit: kLooked }, signal)).rows, { every: 15_000 });
  if (!predict) return null;
  const written = writtenIntervals(answer.data ?? []);
  const note = <>to <code>{predict.output.connection}:{predict.output.table}</code>, {predict.interval} at a time</>;
  return (
    <Card title="Predictions" note={note} actions={<a href={href(`/jobs?detector=${encodeURIComponent(name)}`)}>All jobs</a>}>
      {!answer.data ? (answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Waiting rows={4} />) : written.length === 0 ? (
        <div class="tight-empty"><p>No interval was written yet.</p><Command text={`wakeful run ${name} --kind predict --wait --tracking-uri $SERVER`} /></div>
      ) : (
        <ul class="list two">{written.slice(0, kShown).map((each) => <Interval key={each.job} written={each} />)}</ul>
      )}
    </Card>
  );
}

function Interval({ written }: { written: Written }): JSX.Element {
  const { from, until, rows, outliers, versions, at, run, job } = written;
  return (
    <li>
      <a href={href(`/jobs/${encodeURIComponent(job)}`)}>{stamp(from, { seconds: false })} → {stamp(until, { seconds: false })}</a>
      <span class="end num">{count(rows)} rows, {count(outliers)} outliers</span>
      <small><Ago at={at} none="–" /> by run <a href={href(`/runs/${run}`)}><code>{run.slice(0, 12)}</code></a></small>
      <small class="end num">{versions && `version ${versions}`}</small>
    </li>
  );
}
