// A run's files: a folder at a time, and the first 256 kB of one. Whatever a file holds is shown as text or as a
// picture; nothing of it runs here.
import type { JSX } from 'preact';
import { listArtifacts, type FileInfo } from '../api/mlflow';
import { address, fetchAnswer } from '../api/http';
import { Card } from '../components/bits';
import { Icon } from '../components/icons';
import { Failure, Waiting } from '../components/states';
import { parseCsv, previewKind } from '../lib/preview';
import { bytes } from '../lib/format';
import { useQuery } from '../lib/query';
import { query, setQuery } from '../lib/router';

const kPreviewBytes = 262_144;
const kPreviewRows = 200;

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
const fileAddress = (run: string, path: string): string => address('get-artifact', { run_id: run, path });

export function Artifacts({ run }: { run: string }): JSX.Element {
  const file = query.value.get('file') ?? '';
  const folder = query.value.get('folder') ?? parentOf(file);
  const answer = useQuery(`artifacts/${run}/${folder}`, (signal) => listArtifacts(run, folder, signal), { keep: true });
  const chosen = answer.data?.files.find((each) => each.path === file && !each.is_dir);
  return (
    <Card title="Artifacts" note={<Trail folder={folder} />} flush>
      {answer.error && !answer.data ? <Failure error={answer.error} retry={answer.refresh} /> : !answer.data ? <Waiting rows={4} /> : answer.data.files.length === 0 && folder === '' ? (
        <p class="quiet pad">No artifacts were logged.</p>
      ) : (
        <div class="artifacts">
          <ul class="files" aria-label="Files">
            {folder !== '' && <li><button type="button" onClick={() => setQuery({ folder: parentOf(folder), file: null })}><Icon name="left" /> <span>{parentOf(folder) || 'top'}</span></button></li>}
            {answer.data.files.map((each) => <FileRow key={each.path} file={each} chosen={each.path === file} />)}
            {answer.data.files.length === 0 && <li class="quiet pad">This folder is empty.</li>}
          </ul>
          <div class="preview">
            {chosen ? <Preview run={run} file={chosen} /> : <p class="quiet pad">Choose a file to look into.</p>}
          </div>
        </div>
      )}
    </Card>
  );
}

function Trail({ folder }: { folder: string }): JSX.Element | null {
  return folder ? <code>{folder}/</code> : null;
}

function FileRow({ file, chosen }: { file: FileInfo; chosen: boolean }): JSX.Element {
  const open = (): void => setQuery(file.is_dir ? { folder: file.path, file: null } : { folder: parentOf(file.path), file: file.path });
  return (
    <li>
      <button type="button" aria-pressed={chosen} onClick={open}>
        <Icon name={file.is_dir ? 'folder' : 'file'} />
        <span>{baseName(file.path)}</span>
        {!file.is_dir && <small class="num">{bytes(Number(file.file_size ?? 0))}</small>}
      </button>
    </li>
  );
}

async function head(run: string, path: string, signal: AbortSignal): Promise<{ text: string; binary: boolean }> {
  const response = await fetchAnswer('get-artifact', { query: { run_id: run, path }, signal, headers: { range: `bytes=0-${kPreviewBytes - 1}` } });
  const reader = response.body!.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  // A server that knows no ranges sends everything: stop reading there.
  while (size < kPreviewBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  void reader.cancel().catch(() => undefined);
  const whole = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()).subarray(0, kPreviewBytes);
  return { text: new TextDecoder().decode(whole), binary: whole.subarray(0, 8192).includes(0) };
}

function Preview({ run, file }: { run: string; file: FileInfo }): JSX.Element {
  const kind = previewKind(file.path);
  const size = Number(file.file_size ?? 0);
  return (
    <>
      <div class="preview-head">
        <b>{baseName(file.path)}</b>
        <span class="quiet num">{bytes(size)}</span>
        <a class="button" href={fileAddress(run, file.path)} download={baseName(file.path)} data-native><Icon name="download" /> Download</a>
      </div>
      {kind === 'image' ? <img src={fileAddress(run, file.path)} alt={baseName(file.path)} /> : <TextPreview run={run} path={file.path} kind={kind} size={size} />}
    </>
  );
}

function TextPreview({ run, path, kind, size }: { run: string; path: string; kind: 'json' | 'csv' | 'text'; size: number }): JSX.Element {
  const answer = useQuery(`file/${run}/${path}`, (signal) => head(run, path, signal));
  if (!answer.data) return answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Waiting rows={8} />;
  if (answer.data.binary) return <p class="quiet pad">This is no text. Download it to look inside.</p>;
  const cut = size > kPreviewBytes;
  return (
    <>
      {kind === 'csv' ? <CsvTable text={answer.data.text} path={path} /> : <pre class="source" tabIndex={0}>{kind === 'json' && !cut ? pretty(answer.data.text) : answer.data.text}</pre>}
      {cut && <p class="chart-note">The first {bytes(kPreviewBytes)} of {bytes(size)}.</p>}
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function CsvTable({ text, path }: { text: string; path: string }): JSX.Element {
  const rows = parseCsv(text, path.endsWith('.tsv') ? '\t' : ',', kPreviewRows + 1);
  const [heading = [], ...body] = rows;
  return (
    <div class="table-box csv" tabIndex={0} role="region" aria-label="Table preview">
      <table>
        <thead><tr>{heading.map((cell, i) => <th key={i} scope="col">{cell}</th>)}</tr></thead>
        <tbody>{body.map((row, i) => <tr key={i}>{row.map((cell, j) => <td key={j}>{cell}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
