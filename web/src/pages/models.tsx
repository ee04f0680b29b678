// The registry: models found by the filter language of MLflow's clients, and one model with its versions.
import type { JSX } from 'preact';
import { getModel, literal, ownTags, searchModels, searchVersions, tag, type ModelVersion, type RegisteredModel } from '../api/mlflow';
import { Ago, Aliases, Card, Facts, Name, PageHead, Stamp, Tags, Value } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { FilterBox, filterError } from '../components/filter_box';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { plural, time } from '../lib/format';
import { usePages } from '../lib/pages';
import { useQuery } from '../lib/query';
import { href, query, setQuery } from '../lib/router';
import { forModel, forModels } from '../lib/snippets';
import { ModelServers } from './model_servers';

const kRegister = `python3 - <<'END'
import mlflow
mlflow.set_tracking_uri("$SERVER")
with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="model", registered_model_name="my-model")
END`;

const kExamples = [
  { text: "tags.online = 'True'", says: 'Models that evaluate on a schedule' },
  { text: "name ILIKE '%latency%'", says: 'By name, upper and lower case alike' },
  { text: "tags.detector = 'checkout-latency' and tags.online = 'True'", says: 'The models of one detector' },
];

const linkOf = (model: RegisteredModel): string => `/models/${encodeURIComponent(model.name)}`;

function newest(model: RegisteredModel): ModelVersion | undefined {
  return [...(model.latest_versions ?? [])].sort((a, b) => Number(b.version) - Number(a.version))[0];
}

/** Aliases have a column where there are some. */
const modelColumns = (models: RegisteredModel[]): ColumnOf<RegisteredModel>[] => [
  { id: 'name', head: 'Model', look: 'w-model', cell: (model) => <a class="strong" href={href(linkOf(model))}><Name text={model.name} /></a> },
  { id: 'version', head: 'Latest', align: 'end', cell: (model) => <span class="num">{newest(model) ? `v${newest(model)!.version}` : '–'}</span> },
  ...(models.some((model) => model.aliases?.length) ? [{ id: 'aliases', head: 'Aliases', cell: (model: RegisteredModel) => (model.aliases ?? []).map((each) => <span key={each.alias} class="alias">@{each.alias} <b>v{each.version}</b></span>) }] : []),
  { id: 'tags', head: 'Tags', look: 'w-tags', cell: (model) => <Tags tags={ownTags(model.tags).filter((pair) => pair.key !== 'creation_run_id')} most={4} empty="–" /> },
  { id: 'mark', head: 'Evaluated up to', look: 'w-time', cell: (model) => <Stamp at={time(tag(newest(model)?.tags, 'last_evaluation_ts'))} seconds={false} /> },
  { id: 'updated', head: 'Changed', cell: (model) => <Ago at={Number(model.last_updated_timestamp)} /> },
];

export function Models(): JSX.Element {
  const filter = query.value.get('filter') ?? '';
  const answer = usePages(`models/${filter}`, (token, signal) => searchModels(filter, token, signal), { keep: true, every: 20_000 });
  const refused = filter !== '' && filterError(answer.error) !== null;
  return (
    <>
      <PageHead title="Models" lead="Registered models, their versions, tags and aliases." code={forModels(filter)} />
      <FilterBox label="Filter models" value={filter} error={refused ? answer.error : null} examples={kExamples} onSubmit={(value) => setQuery({ filter: value.trim() }, { replace: false })} />
      {!refused && answer.rows && <Stale error={answer.error} retry={answer.refresh} />}
      {answer.rows && (answer.rows.length > 0 || refused) ? (
        <Card flush>
          <DataTable label="Models" rows={answer.rows} columns={modelColumns(answer.rows)} keyOf={(model) => model.name} linkOf={linkOf} more={answer.more} look="tall" />
        </Card>
      ) : answer.rows ? (
        filter ? (
          <Empty title="No model matches">
            <button type="button" class="link" onClick={() => setQuery({ filter: null })}>Show all models</button>
          </Empty>
        ) : (
          <Empty title="No model yet" command={kRegister}>Training a detector registers its models. Any MLflow client registers here too:</Empty>
        )
      ) : refused ? (
        <Empty title="The filter is not understood">
          It is marked where the server stumbled. <button type="button" class="link" onClick={() => setQuery({ filter: null })}>Show all models</button>
        </Empty>
      ) : answer.error ? (
        <Failure error={answer.error} retry={answer.refresh} />
      ) : (
        <Card flush><Waiting rows={12} /></Card>
      )}
    </>
  );
}

/** The run a version came from, where it says one. */
function SourceRun({ version }: { version: ModelVersion }): JSX.Element {
  if (!version.run_id) return <span class="quiet">–</span>;
  return <a href={href(`/runs/${version.run_id}`)}><code>{version.run_id.slice(0, 12)}</code></a>;
}

/** A status other than ready, and a stage if one is used. */
function unusual(version: ModelVersion): string {
  const status = version.status && version.status !== 'READY' ? version.status.toLowerCase().replaceAll('_', ' ') : '';
  const stage = version.current_stage && version.current_stage !== 'None' ? version.current_stage : '';
  return [status, stage].filter(Boolean).join(' · ');
}

/** Columns that would be empty for all of them are left out. */
const versionColumns = (versions: ModelVersion[], aliases: Map<string, string[]>): ColumnOf<ModelVersion>[] => [
  { id: 'version', head: 'Version', look: 'w-version', cell: (version) => <><b class="num">v{version.version}</b> <span class="quiet">{unusual(version)}</span></> },
  ...(aliases.size > 0 ? [{ id: 'aliases', head: 'Aliases', cell: (version: ModelVersion) => (aliases.has(version.version) ? <Aliases aliases={aliases.get(version.version)!} /> : <span class="quiet">–</span>) }] : []),
  { id: 'created', head: 'Registered', cell: (version) => <Ago at={Number(version.creation_timestamp)} /> },
  { id: 'run', head: 'Source run', look: 'w-id', cell: (version) => <SourceRun version={version} /> },
  ...(versions.some((version) => tag(version.tags, 'last_evaluation_ts')) ? [{ id: 'mark', head: 'Evaluated up to', look: 'w-time', cell: (version: ModelVersion) => <Stamp at={time(tag(version.tags, 'last_evaluation_ts'))} seconds={false} /> }] : []),
  { id: 'tags', head: 'Tags', look: 'w-tags', cell: (version) => <Tags tags={ownTags(version.tags).filter((pair) => pair.key !== 'last_evaluation_ts')} most={3} empty="–" /> },
  ...(versions.some((version) => version.description) ? [{ id: 'description', head: 'Description', cell: (version: ModelVersion) => version.description || '' }] : []),
];

export function ModelPage({ name }: { name: string }): JSX.Element {
  const answer = useQuery(`model/${name}`, (signal) => getModel(name, signal), { every: 15_000 });
  const versions = useQuery(`versions/${name}`, (signal) => searchVersions(`name = ${literal(name)}`, signal), { every: 15_000 });
  const crumbs = [{ text: 'Models', to: '/models' }];
  const model = answer.data;
  if (!model) return <><PageHead title={name} crumbs={crumbs} />{answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card><Waiting rows={10} /></Card>}</>;

  const aliases = new Map<string, string[]>();
  for (const each of model.aliases ?? []) aliases.set(each.version, [...(aliases.get(each.version) ?? []), each.alias]);
  const detector = tag(model.tags, 'detector');
  const series = tag(model.tags, 'series');
  const chosen = versions.data?.rows.find((version) => version.version === query.value.get('version')) ?? versions.data?.rows[0];
  const linkOf = (version: ModelVersion): string => `/models/${encodeURIComponent(name)}?version=${encodeURIComponent(version.version)}`;

  return (
    <>
      <PageHead
        title={name}
        crumbs={crumbs}
        code={forModel(name)}
        mark={tag(model.tags, 'online') === 'True' ? <span class="pill state-healthy">Online</span> : undefined}
        lead={<>{model.description ? `${model.description} · ` : ''}{versions.data ? plural(versions.data.rows.length, 'version') : '…'} · changed <Ago at={Number(model.last_updated_timestamp)} />{detector && <> · used by detector <a href={href(`/detectors/${encodeURIComponent(detector)}?model=${encodeURIComponent(name)}`)}>{detector}</a></>}</>}
      />
      <Stale error={answer.error} retry={answer.refresh} />
      <div class="split">
        <div class="stack">
          <Card title="Versions" flush>
            {versions.data ? (
              versions.data.rows.length > 0 ? (
                <DataTable label="Versions" rows={versions.data.rows} columns={versionColumns(versions.data.rows, aliases)} keyOf={(version) => version.version} linkOf={linkOf} look="middle" />
              ) : (
                <Empty title="No version yet" command={`python3 -c "import mlflow; mlflow.set_tracking_uri('$SERVER'); mlflow.register_model('runs:/RUN_ID/model', '${name}')"`}>Register one from a run:</Empty>
              )
            ) : versions.error ? <Failure error={versions.error} retry={versions.refresh} /> : <Waiting rows={6} />}
          </Card>
          <ModelServers model={name} />
          {chosen && series && <TrainingPlot series={series} version={chosen.version} />}
        </div>
        <div class="stack">
          {chosen && <VersionFacts version={chosen} aliases={aliases.get(chosen.version) ?? []} />}
          <Card title="Aliases">
            {(model.aliases ?? []).length > 0 ? (
              <Facts rows={(model.aliases ?? []).map((each) => [`@${each.alias}`, <a href={href(`/models/${encodeURIComponent(name)}?version=${each.version}`)}>version {each.version}</a>])} />
            ) : <p class="quiet pad">None. An alias names the version that clients load: <code>models:/{name}@champion</code>.</p>}
          </Card>
          <Card title="Tags">
            {ownTags(model.tags).length > 0 ? <Facts rows={ownTags(model.tags).map((pair) => [pair.key, <TagValue pair={pair} />])} /> : <p class="quiet pad">No tags.</p>}
          </Card>
        </div>
      </div>
    </>
  );
}

function TagValue({ pair }: { pair: { key: string; value: string } }): JSX.Element {
  if (/run_id$/.test(pair.key) && /^[0-9a-f]{32}$/.test(pair.value)) return <a href={href(`/runs/${pair.value}`)}><code>{pair.value.slice(0, 12)}</code></a>;
  if (pair.key === 'detector') return <a href={href(`/detectors/${encodeURIComponent(pair.value)}`)}>{pair.value}</a>;
  return <Value text={pair.value} />;
}

function VersionFacts({ version, aliases }: { version: ModelVersion; aliases: string[] }): JSX.Element {
  return (
    <Card title={`Version ${version.version}`}>
      <Facts
        rows={[
          ['Aliases', aliases.length > 0 && <Aliases aliases={aliases} />],
          ['Registered', <Stamp at={Number(version.creation_timestamp)} />],
          ['Source run', <SourceRun version={version} />],
          ['Source', version.source && <code class="wrap">{version.source}</code>],
          ['Load it', <code class="wrap">models:/{version.name}/{version.version}</code>],
          ['Serve it', <code class="wrap">wakeful models serve -m models:/{version.name}/{version.version}</code>],
          ['Description', version.description],
          ...ownTags(version.tags).map((pair): [string, JSX.Element] => [pair.key, <TagValue pair={pair} />]),
        ]}
      />
    </Card>
  );
}

/** What a version of the fit and predict API was trained on, as the server draws it. */
function TrainingPlot({ series, version }: { series: string; version: string }): JSX.Element {
  const source = href(`/plot?series_id=${encodeURIComponent(series)}&version=v${encodeURIComponent(version)}`);
  return (
    <Card title="Trained on">
      <img class="drawn" src={source} width={800} height={400} loading="lazy" alt={`The points of ${series} that version ${version} was trained on, with their mean and limit`} />
    </Card>
  );
}
