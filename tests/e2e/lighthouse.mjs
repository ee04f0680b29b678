// The overview under Lighthouse's mobile profile against the real binary: experience.md §2.6 in numbers. Exit 1 beyond them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse from 'lighthouse';
import { seed } from './support/seed.mjs';
import { startServer } from './support/server.mjs';

const kBudgets = {
  performance: { least: 0.95 },
  accessibility: { least: 1 },
  'best-practices': { least: 1 },
  'largest-contentful-paint': { most: 1800 },
  'cumulative-layout-shift': { most: 0.02 },
  'total-blocking-time': { most: 150 },
};

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function startChromium(port, profile) {
  const program = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`, 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve, reject) => {
    program.once('exit', (code) => reject(new Error(`Chromium ended with ${code}`)));
    program.stderr.on('data', (text) => /DevTools listening/.test(text) && resolve());
  });
  return program;
}

const server = await startServer();
const profile = mkdtempSync(join(tmpdir(), 'wakeful-lighthouse-'));
const port = await freePort();
const chromium = await startChromium(port, profile);
let within = true;
try {
  await seed(server.url);
  let lhr;
  // What else the machine does only ever adds: the best of three.
  for (let i = 0; i < 3; i += 1) {
    const run = await lighthouse(`${server.url}/`, { port, logLevel: 'error', onlyCategories: ['performance', 'accessibility', 'best-practices'] });
    if (!lhr || run.lhr.categories.performance.score > lhr.categories.performance.score) lhr = run.lhr;
  }
  for (const [name, { least, most }] of Object.entries(kBudgets)) {
    const value = lhr.categories[name]?.score ?? lhr.audits[name]?.numericValue;
    const ok = least !== undefined ? value >= least : value <= most;
    within &&= ok;
    console.log(`${ok ? 'ok  ' : 'OVER'} ${name.padEnd(26)} ${Number(value).toFixed(3).padStart(10)}  ${least !== undefined ? `>= ${least}` : `<= ${most}`}`);
  }
  for (const audit of Object.values(lhr.audits)) if (audit.score === 0 && audit.scoreDisplayMode === 'binary') console.log(`     ${audit.id}: ${audit.title}`);
} finally {
  const gone = new Promise((resolve) => chromium.once('exit', resolve));
  chromium.kill();
  await gone;
  await server.stop();
  rmSync(profile, { recursive: true, force: true });
}
process.exitCode = within ? 0 : 1;
