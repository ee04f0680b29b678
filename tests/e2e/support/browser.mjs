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
  watchRequests(page);
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

const traffic = new WeakMap();
const kQuietMs = 150;

function watchRequests(page) {
  const state = { open: 0, changed: Date.now() };
  const count = (by) => () => { state.open += by; state.changed = Date.now(); };
  page.on('request', count(1));
  page.on('requestfinished', count(-1));
  page.on('requestfailed', count(-1));
  traffic.set(page, state);
}

/** The page is at rest: the answers are there, and the charts in view. */
export async function settle(page) {
  await page.waitForSelector('h1');
  await page.waitForFunction(
    () => ![...document.querySelectorAll('.waiting, .chart-waiting, .waiting-plot')].some((box) => box.getBoundingClientRect().top < innerHeight),
  );
  const state = traffic.get(page);
  const late = Date.now() + 10_000;
  while (state.open > 0 || Date.now() - state.changed < kQuietMs) {
    assert.ok(Date.now() < late, 'the page asks without end');
    await page.waitForTimeout(25);
  }
}

const kEveryRule = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Takes a picture, asks axe, and looks for what sticks out sideways. */
export async function checkPage(page, name, { rules = kEveryRule } = {}) {
  // evaluate, not addScriptTag: the page's policy forbids inline scripts, rightly.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const result = await page.evaluate((runOnly) => axe.run(document, { runOnly }), rules);
  const violations = result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' | ').slice(0, 400)}`);
  await page.screenshot({ path: join(shots, `${name}.png`) });
  assert.deepEqual(violations, [], `axe on ${name}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the window`);
}
