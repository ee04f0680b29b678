import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { getRun } from '../api/mlflow';
import { Card, PageHead } from '../components/bits';
import { Failure, Waiting } from '../components/states';
import { useQuery } from '../lib/query';
import { navigate } from '../lib/router';

/** "/runs/ID": finds the experiment, then goes to the run's own address. */
export function RunRedirect({ id }: { id: string }): JSX.Element {
  const answer = useQuery(`run/${id}`, (signal) => getRun(id, signal));
  useEffect(() => {
    if (answer.data) navigate(`/experiments/${answer.data.info.experiment_id}/runs/${id}`, { replace: true });
  }, [answer.data]);
  return <><PageHead title="Run" />{answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card><Waiting rows={10} /></Card>}</>;
}
