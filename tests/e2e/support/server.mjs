// The real binary on a free port with a store of its own; ended by its own pid.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const kStartMs = 30_000;

/** Starts WAKEFUL_BINARY; answers its address and how to stop it. */
export async function startServer() {
  const binary = process.env.WAKEFUL_BINARY;
  if (!binary) throw new Error('WAKEFUL_BINARY names the program under test');
  const folder = mkdtempSync(join(tmpdir(), 'wakeful-e2e-'));
  const program = spawn(
    binary,
    ['server', '--port', '0', '--backend-store-uri', `sqlite:///${join(folder, 'wakeful.db')}`, '--artifacts-destination', join(folder, 'artifacts')],
    // Where batch predictions are written to.
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, WAKEFUL_CONNECTION_WAREHOUSE: `sqlite:///${join(folder, 'warehouse.db')}` } },
  );
  let log = '';
  program.stderr.on('data', (bytes) => { log = (log + bytes).slice(-20_000); });
  const ended = new Promise((resolve) => program.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no "listening on" within ${kStartMs} ms\n${log}`)), kStartMs);
    program.once('exit', (code) => reject(new Error(`the server ended with ${code}\n${log}`)));
    createInterface({ input: program.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1].replace(/\/$/, ''));
    });
  });
  return {
    url,
    log: () => log,
    async stop() {
      program.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
