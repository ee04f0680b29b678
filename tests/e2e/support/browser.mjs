// Chromium with one eye on the console: whatever a page complains about fails the story.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const kFlags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const shots = process.env.WAKEFUL_E2E_SHOTS ?? mkdtempSync(join(tmpdir(), 'wakeful-shots-'));
mkdirSync(shots, { recursive: true });

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: kFlags });
}

/** A page in a profile of its own. `expected`: console errors that a story causes on purpose. */
export async function open(browser, url, { width = 1280, height = 800, theme = 'light', expected = [] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, baseURL: url, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  const note = (text) => { if (!expected.some((pattern) => pattern.test(text))) complaints.push(text); };
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) note(message.text()); });
  page.on('pageerror', (error) => note(error.message));
  page.on('response', (response) => { if (response.status() >= 500) note(`${response.status()} ${response.url()}`); });
  return {
    page,
    async close() {
      await context.close();
      assert.deepEqual(complaints, [], 'the console is silent');
    },
  };
}

/** The page is at rest: the answers are there, and the charts in view. */
export async function settle(page) {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(
    () => ![...document.querySelectorAll('.waiting, .chart-waiting, .waiting-plot')].some((box) => box.getBoundingClientRect().top < innerHeight),
  );
}

export async function checkPage(page, name) {
  // evaluate, not addScriptTag: the page's policy forbids inline scripts, rightly.
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  const violations = result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' | ').slice(0, 400)}`);
  await page.screenshot({ path: join(shots, `${name}.png`) });
  assert.deepEqual(violations, [], `axe on ${name}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the window`);
}
